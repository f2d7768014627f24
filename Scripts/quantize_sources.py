"""Folders that quantisers are compared on, and texts as vectors, for compare_quantizers.py.

A decoder of seeded random weights as a Hugging Face folder: no full-precision language model is at hand, so its weights get
what those of trained ones have: columns of different sizes, single weights of eight times the others' size, and norms that
make a few channels five times as large.
"""

import csv
import json
import os
import struct
import subprocess

import llama_cpp
import numpy as np

LAYERS, WIDTH, HIDDEN, HEADS, KEY_HEADS, VOCABULARY = 6, 512, 1536, 8, 4, 2048


def write_safetensors(path, tensors):
    header, start = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [start, start + 4 * values.size]}
        start += 4 * values.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(values.astype("<f4").tobytes())


def random_decoder(folder):
    """Writes the folder of a model of Llama's kind."""
    random = np.random.default_rng(11)

    def matrix(rows, columns):
        values = random.standard_normal((rows, columns)) * np.exp(0.3 * random.standard_normal(columns))
        values[random.random((rows, columns)) < 0.002] *= 8
        return values / np.sqrt(columns)

    def norm():
        values = np.exp(0.3 * random.standard_normal(WIDTH))
        values[random.random(WIDTH) < 0.01] *= 5
        return values

    keys = WIDTH // HEADS * KEY_HEADS
    tensors = {"model.embed_tokens.weight": matrix(VOCABULARY, WIDTH) * np.sqrt(WIDTH)}
    for layer in range(LAYERS):
        block = f"model.layers.{layer}."
        tensors |= {
            block + "input_layernorm.weight": norm(), block + "post_attention_layernorm.weight": norm(),
            block + "self_attn.q_proj.weight": matrix(WIDTH, WIDTH), block + "self_attn.k_proj.weight": matrix(keys, WIDTH),
            block + "self_attn.v_proj.weight": matrix(keys, WIDTH), block + "self_attn.o_proj.weight": matrix(WIDTH, WIDTH),
            block + "mlp.gate_proj.weight": matrix(HIDDEN, WIDTH), block + "mlp.up_proj.weight": matrix(HIDDEN, WIDTH),
            block + "mlp.down_proj.weight": matrix(WIDTH, HIDDEN),
        }
    tensors |= {"model.norm.weight": norm(), "lm_head.weight": matrix(VOCABULARY, WIDTH)}
    os.makedirs(folder)
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": VOCABULARY,
        "hidden_size": WIDTH, "intermediate_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_HEADS, "max_position_embeddings": 1024, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": False,
    }
    # GPT-2's stand-ins for bytes, and an end.
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    vocabulary = {chr(byte): index for index, byte in enumerate(plain)}
    vocabulary |= {chr(256 + index): len(plain) + index for index in range(len(others))}
    vocabulary["th"] = 257
    tokenizer = {
        "added_tokens": [{"id": 256, "content": "</s>", "special": True}], "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False}, "decoder": {"type": "ByteLevel"},
        "post_processor": None, "model": {"type": "BPE", "vocab": vocabulary, "merges": ["t h"]},
    }
    for name, content in (
            ("config", config), ("tokenizer", tokenizer), ("tokenizer_config", {"eos_token": "</s>"})):
        with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(content, file)
    return random.integers(0, VOCABULARY, 1024).tolist()


def sentences(data, count=256):
    """The first different sentences of STS-B's test."""
    with open(os.path.join(data, "stsb", "stsb-en-test.csv"), encoding="utf-8", newline="") as file:
        found = dict.fromkeys(" ".join(text.split()) for row in csv.reader(file) for text in row[:2])
    return list(found)[:count]


def vectors_by_llama(path, texts):
    model = llama_cpp.Llama(path, embedding=True, n_ctx=512, n_batch=512, n_ubatch=512, n_threads=1, verbose=False)
    found = np.array([model.embed(text, normalize=True) for text in texts])
    model.close()
    return found


def vectors_by_lapwing(lapwing, path, texts, work):
    lines, out = os.path.join(work, "sentences.txt"), os.path.join(work, "vectors.npy")
    with open(lines, "w", encoding="utf-8") as file:
        file.write("\n".join(texts) + "\n")
    subprocess.run(
        [lapwing, "embed", "--model", path, lines, "--npy", out], check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    return np.load(out).astype(np.float64)
