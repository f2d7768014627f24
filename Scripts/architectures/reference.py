"""What transformers computes from a folder: float32, eager attention, one prompt at a time."""

import json
import os

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file

from values import prompt, spread, values

SEED = 4


def model_class(tiny):
    if tiny.pooling == "score":
        return transformers.AutoModelForSequenceClassification
    return transformers.AutoModel if tiny.pooling else transformers.AutoModelForCausalLM


def write_folder(tiny, folder):
    """Writes the folder of a model and returns its tensors by name, and how each was filled."""
    for name, content in tiny.contents().items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w") as file:
            json.dump(content, file)
    config = transformers.AutoConfig.from_pretrained(folder)
    # A parameter with two names, a tied head, is given once.
    parameters = model_class(tiny).from_config(config).named_parameters()
    tensors, described = {}, []
    for name, parameter in parameters:
        name = name.removeprefix(tiny.unwritten)
        shape = list(parameter.shape)
        base, scale = spread(name, shape, tiny.config)
        tensors[name] = values(name, shape, base, scale, SEED)
        described.append({"name": name, "shape": shape, "base": base, "scale": scale})
    save_file(tensors, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    return tensors, described


def load(tiny, folder, dtype):
    """The model as transformers reads the folder; a tensor that it misses or does not know is an error."""
    model, report = model_class(tiny).from_pretrained(
        folder, attn_implementation="eager", dtype=dtype, output_loading_info=True)
    tied = {"lm_head.weight"} if tiny.config.get("tie_word_embeddings", True) else set()
    assert not set(report["missing_keys"]) - tied and not report["unexpected_keys"], report
    return model.eval()


def rows(tiny, model, tokens, types, positions):
    """The rows kept of a prompt: logits or hidden states at the positions, and for encoders what is pooled of them."""
    arguments = {"input_ids": torch.tensor([tokens])}
    if types:
        arguments["token_type_ids"] = torch.tensor([types])
    with torch.inference_mode():
        if not tiny.pooling:
            return {"rows": model(**arguments, use_cache=False).logits[0, positions]}
        output = model(**arguments, output_hidden_states=True)
        hidden = output.hidden_states[-1][0]
        if tiny.pooling == "score":
            return {"rows": hidden[positions], "pooled": output.logits[0]}
        pooled = hidden[0] if tiny.pooling == "cls" else hidden.mean(dim=0)
        return {"rows": hidden[positions], "pooled": pooled / pooled.norm()}


def compute(tiny, folder):
    """Each prompt with its rows, and the largest difference of the same computed in double precision."""
    single, double = load(tiny, folder, torch.float32), load(tiny, folder, torch.float64)
    prompts, difference = [], 0.0
    for index, (length, positions) in enumerate(tiny.prompts):
        tokens = prompt(length, tiny.config["vocab_size"], seed=index + 1)
        # A pair of texts, the second of type one, where there is a type to give.
        types = [int(place > length // 3) for place in range(length)] if tiny.pooling == "score" else None
        found = rows(tiny, single, tokens, types, positions)
        exact = rows(tiny, double, tokens, types, positions)
        difference = max([difference] + [float((found[key] - exact[key]).abs().max()) for key in found])
        kept = {key: row.numpy().astype(np.float32) for key, row in found.items()}
        prompts.append({"tokens": tokens, "types": types, "positions": positions} | kept)
    return prompts, difference
