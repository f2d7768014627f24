#!/usr/bin/env python3
"""Writes what transformers and llama.cpp compute from a tiny model of each architecture, for Lapwing's tests.

    Scripts/architectures.sh [NAME ...]

Each model has a file in Tests/LapwingModelTests/Fixtures/Architectures, of JSON: the files beside its weights; how each tensor is
filled (Scripts/architectures/values.py); prompts with logits of some positions as little-endian F32 in base64, by
transformers and by llama.cpp, with the largest KL divergence between the two; and `gguf`, the metadata and the tensors that
llama.cpp's converter makes of the same folder, each tensor with what it follows from. An encoder has hidden states in place
of logits, and what they are pooled to.
"""

import base64
import json
import os
import sys
import tempfile

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(FOLDER, "architectures"))

import torch  # noqa: E402
import transformers  # noqa: E402

import llama  # noqa: E402
import reference  # noqa: E402
from configs import MODELS  # noqa: E402

OUT = os.path.join(FOLDER, "..", "Tests", "LapwingModelTests", "Fixtures", "Architectures")
# A reference further than this from the same in double precision is no reference for differences of 1e-3.
PRECISION = 2e-4


def main():
    os.makedirs(OUT, exist_ok=True)
    for name in sys.argv[1:] or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            fixture, difference = make(MODELS[name], folder)
        with open(os.path.join(OUT, f"{name}.json"), "w") as file:
            file.write(text(fixture) + "\n")
        divergences = [prompt["llama_cpp_kl"] for prompt in fixture["prompts"]]
        print(name, f"double {difference:.1e}", "llama.cpp KL", divergences, os.path.getsize(file.name), flush=True)


def make(tiny, folder):
    tensors, described = reference.write_folder(tiny, folder)
    prompts, difference = reference.compute(tiny, folder)
    assert difference < PRECISION, f"the reference is off by {difference}"
    path = os.path.join(folder, "tiny.gguf")
    llama.convert(folder, path)
    fixture = {
        "made_with": {
            "transformers": transformers.__version__, "torch": torch.__version__, "llama_cpp_python": llama.llama_cpp.__version__
        },
        "files": {name: json.dumps(content) for name, content in tiny.contents().items()},
        "seed": reference.SEED, "tensors": described, "pooling": tiny.pooling,
        "prompts": [with_llama(prompt, tiny, path) for prompt in prompts], "llama_cpp_differs": tiny.unlike, "gguf_lacks": tiny.untold,
        "gguf": llama.describe(path, tensors, tiny.config),
    }
    return fixture, difference


def with_llama(prompt, tiny, path):
    """A prompt as it is written, with llama.cpp's rows and how far they are."""
    divergence, rows = None, None
    if not tiny.pooling:
        rows = llama.logits(path, prompt["tokens"], prompt["positions"])
        divergence = float(f"{llama.divergence(prompt['rows'], rows):.3g}")
    written = {key: encoded(value) if isinstance(value, np.ndarray) else value for key, value in prompt.items()}
    return written | {"llama_cpp_kl": divergence, "llama_cpp_rows": encoded(rows)}


def encoded(rows):
    return None if rows is None else base64.b64encode(np.ascontiguousarray(rows, "<f4").tobytes()).decode()


def text(fixture):
    """JSON with a line for each tensor and each key of a prompt, so that a difference can be read."""
    def flat(value):
        return json.dumps(value, ensure_ascii=False)

    def lines(items):
        return "[\n    " + ",\n    ".join(items) + "\n  ]"

    parts = {key: flat(value) for key, value in fixture.items()}
    parts["tensors"] = lines(flat(tensor) for tensor in fixture["tensors"])
    parts["prompts"] = lines(
        "{\n      " + ",\n      ".join(f'"{key}": {flat(value)}' for key, value in prompt.items()) + "\n    }"
        for prompt in fixture["prompts"])
    gguf = fixture["gguf"]
    parts["gguf"] = (
        '{\n  "metadata": {\n    ' + ",\n    ".join(f'"{key}": {flat(value)}' for key, value in gguf["metadata"].items()) +
        '\n  },\n  "tensors": ' + lines(flat(tensor) for tensor in gguf["tensors"]) + "\n  }")
    return "{\n  " + ",\n  ".join(f'"{key}": {value}' for key, value in parts.items()) + "\n}"


main()
