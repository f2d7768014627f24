#!/usr/bin/env python3
"""Compares llama.cpp's tokens for files that `lapwing quantize` writes with those of the folders' own tokenizers.

    compare_written_tokenizers.py LAPWING TRAINED WORK

TRAINED is what Scripts/tokenizers.sh makes: tokenizer.json files, each with texts and the tokens that the Python package
`tokenizers` gives. Each gets a folder with a tiny model, and a file of it is read by llama.cpp. Prints the share of texts with
the same tokens, or why a tokenizer is refused. Needs llama-cpp-python.
"""

import glob
import json
import os
import subprocess
import sys

import llama_cpp
import numpy as np

from quantize_sources import write_safetensors

LINES = 2000


def folder_of(tokenizer, path):
    """A model of one layer with a row for each token."""
    vocabulary = tokenizer["model"]["vocab"]
    count = max(len(vocabulary), 1 + max([token["id"] for token in tokenizer["added_tokens"]] + [0]))
    os.makedirs(path, exist_ok=True)
    zeros = lambda *shape: np.zeros(shape)
    block = "model.layers.0."
    write_safetensors(os.path.join(path, "model.safetensors"), {
        "model.embed_tokens.weight": zeros(count, 32), "model.norm.weight": zeros(32),
        block + "input_layernorm.weight": zeros(32), block + "post_attention_layernorm.weight": zeros(32),
        **{f"{block}self_attn.{name}_proj.weight": zeros(32, 32) for name in "qkvo"},
        **{f"{block}mlp.{name}_proj.weight": zeros(32, 32) for name in ("gate", "up", "down")},
    })
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": count,
        "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1,
        "max_position_embeddings": 64, "tie_word_embeddings": True,
    }
    # Any token does for an end that a trained vocabulary does not name.
    tokens = vocabulary if isinstance(vocabulary, dict) else [piece for piece, _ in vocabulary]
    end = next(iter(tokenizer["added_tokens"]), {}).get("content") or next(iter(tokens))
    for name, content in (("config", config), ("tokenizer", tokenizer), ("tokenizer_config", {"eos_token": end})):
        with open(os.path.join(path, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(content, file)


def main():
    lapwing, trained, work = sys.argv[1:]
    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, None)
    for path in sorted(glob.glob(os.path.join(trained, "*.json"))):
        name = os.path.basename(path)[:-5]
        with open(path, encoding="utf-8") as file:
            folder_of(json.load(file), os.path.join(work, name))
        out = os.path.join(work, f"{name}.gguf")
        done = subprocess.run(
            [lapwing, "quantize", os.path.join(work, name), out, "--type", "f16"], capture_output=True, text=True)
        notes = [line.split("tokenizer: ")[1] for line in done.stderr.splitlines() if "cannot say all" in line]
        if done.returncode:
            print(f"{name:16} refused: {done.stderr.strip().splitlines()[-1]}")
            continue
        model = llama_cpp.Llama(out, vocab_only=True, verbose=False)
        with open(path + "l", encoding="utf-8") as lines:
            pairs = [json.loads(line)[:2] for line, _ in zip(lines, range(LINES))]
        unlike = [
            (text, ids, found) for text, ids in pairs
            if (found := model.tokenize(text.encode(), add_bos=False, special=True)) != ids
        ]
        print(f"{name:16} {100 * (1 - len(unlike) / len(pairs)):6.2f}% of {len(pairs)}", *notes, sep="; ", flush=True)
        for text, ids, found in unlike[: int(os.environ.get("SHOW", 0))]:
            print("   ", repr(text)[:100], ids[:12], found[:12])


if __name__ == "__main__":
    main()
