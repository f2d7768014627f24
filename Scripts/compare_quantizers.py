#!/usr/bin/env python3
"""Compares what quantising loses, by lapwing and by llama.cpp; run by quantize.sh, which says what is needed.

1. Random matrices with outliers, and inputs whose columns differ in size as activations do: the mean square of the
   products' errors, without and with the inputs' mean squares as importance. Quantised by `lapwing quantize` and by
   ggml's own functions, and read back by ggml's for both, so that ours are proven to be what ggml reads.
2. A model, expanded to F32, and a folder of seeded random weights (quantize_sources.py): KL divergence of each quantised
   file from the F32 file over tokens, ours and llama.cpp's, each run by llama.cpp and by lapwing. The types of all tensors
   are compared too. Of the folder also how far llama.cpp's run of our F32 file is from lapwing's run of the folder.
3. all-MiniLM-L6-v2 from its folder: the mean square of the vectors' differences from those of the F32 file.

Exits with 1 where ours is more than 5% worse than llama.cpp's for one of the gated types.
"""

import argparse
import ctypes
import glob
import json
import os
import struct
import subprocess
import sys

import llama_cpp
import numpy as np

import quantize_sources
from make_reference import SEQUENCE, log_probabilities, open_model, sequences, text_tokens

POSITIONS = 1024
# By name: the file type that llama.cpp knows, the tensor type, elements and bytes of a block.
TYPES = {
    "q4_0": (2, 2, 32, 18), "q4_1": (3, 3, 32, 20), "q5_0": (8, 6, 32, 22), "q5_1": (9, 7, 32, 24),
    "q8_0": (7, 8, 32, 34), "q2_k": (10, 10, 256, 84), "q3_k_m": (12, 11, 256, 110), "q4_k_m": (15, 12, 256, 144),
    "q5_k_m": (17, 13, 256, 176), "q6_k": (18, 14, 256, 210), "iq4_nl": (25, 20, 32, 18), "iq4_xs": (30, 23, 256, 136),
}
GATED = ["q4_0", "q8_0", "q4_k_m", "q6_k"]
# How much worse than llama.cpp's an error may be.
LIMIT = 1.05
FLOATS, STRING, UINT32 = 0, 8, 4


def write_gguf(path, tensors, text):
    """A file of F32 tensors, each a numpy array of two dimensions, and metadata of strings."""
    def string(value):
        return struct.pack("<Q", len(value)) + value.encode()

    head, data = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(text)), b""
    for key, value in text.items():
        head += string(key) + struct.pack("<I", STRING) + string(value)
    for name, values in tensors.items():
        head += string(name) + struct.pack("<I", values.ndim)
        head += struct.pack(f"<{values.ndim}Q", *reversed(values.shape)) + struct.pack("<IQ", FLOATS, len(data))
        data += values.astype("<f4").tobytes()
        data += bytes(-len(data) % 32)
    with open(path, "wb") as out:
        out.write(head + bytes(-len(head) % 32) + data)


def tensor_types(path):
    """Types and offsets of a file's tensors, and where their data begins."""
    with open(path, "rb") as file:
        def number(form):
            return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))[0]

        def value(kind):
            sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
            if kind == STRING:
                file.seek(number("Q"), 1)
            elif kind == 9:
                kind, count = number("I"), number("Q")
                for _ in range(count):
                    value(kind)
            else:
                file.seek(sizes[kind], 1)

        file.seek(8)
        tensors, keys, found = number("Q"), number("Q"), {}
        for _ in range(keys):
            file.seek(number("Q"), 1)
            value(number("I"))
        for _ in range(tensors):
            name = file.read(number("Q")).decode()
            file.seek(8 * number("I"), 1)
            found[name] = (number("I"), number("Q"))
        return found, (file.tell() + 31) // 32 * 32


class Ggml:
    """ggml's quantisers and their counterparts, out of the library that llama-cpp-python brings."""

    def __init__(self):
        folder = os.path.join(os.path.dirname(llama_cpp.__file__), "lib")
        path = sorted(glob.glob(os.path.join(folder, "libggml-base.*")))[0]
        self.library = ctypes.CDLL(path)
        self.library.ggml_quantize_chunk.restype = ctypes.c_size_t
        self.library.ggml_quantize_chunk.argtypes = [
            ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_void_p]

    def quantize(self, name, values, importance):
        _, number, elements, size = TYPES[name]
        blocks = np.zeros(values.size // elements * size, np.uint8)
        weights = None if importance is None else importance.ctypes.data
        self.library.ggml_quantize_chunk(
            number, values.ctypes.data, blocks.ctypes.data, 0, *values.shape, weights)
        return blocks

    def expand(self, name, blocks, shape):
        short = name[:-2] if name.endswith("_m") else name
        short = short.replace("_k", "_K")
        function = getattr(self.library, f"dequantize_row_{short}")
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        values = np.empty(shape, np.float32)
        function(blocks.ctypes.data, values.ctypes.data, values.size)
        return values


def random_matrices(arguments, ggml):
    random = np.random.default_rng(4)
    rows, columns = 1024, 2048
    weights = random.standard_normal((rows, columns)) * 0.02 * np.exp(random.standard_normal(columns) * 0.3)
    weights[random.random((rows, columns)) < 0.002] *= 8
    weights = np.ascontiguousarray(weights, np.float32)
    inputs = random.standard_normal((256, columns)) * np.exp(random.standard_normal(columns))
    squares = np.ascontiguousarray((inputs**2).mean(0), np.float32)
    name, source = "blk.0.attn_q.weight", os.path.join(arguments.work, "random.gguf")
    write_gguf(source, {name: weights}, {"general.architecture": "llama"})
    matrix = os.path.join(arguments.work, "random.imatrix.gguf")
    write_gguf(
        matrix, {f"{name}.in_sum2": squares[None, :], f"{name}.counts": np.ones((1, 1))}, {"general.type": "imatrix"})
    exact, found = inputs @ weights.T, {}
    for kind in TYPES:
        figures = {}
        for label, importance in (("even", None), ("weighed", squares)):
            out = os.path.join(arguments.work, "random.out.gguf")
            options = [] if importance is None else ["--imatrix", matrix]
            subprocess.run(
                [arguments.lapwing, "quantize", source, out, "--type", kind, *options], check=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            tensors, start = tensor_types(out)
            number, offset = tensors[name]
            assert number == TYPES[kind][1], f"{kind}: {number}"
            _, _, elements, size = TYPES[kind]
            ours = np.fromfile(out, np.uint8, weights.size // elements * size, offset=start + offset)
            theirs = ggml.quantize(kind, weights, importance)
            errors = [((inputs @ ggml.expand(kind, blocks, weights.shape).T - exact) ** 2).mean()
                      for blocks in (ours, theirs)]
            relative = [float(np.sqrt(error / (exact**2).mean())) for error in errors]
            figures[label] = dict(
                lapwing=round(relative[0], 6), llama_cpp=round(relative[1], 6), ratio=round(relative[0] / relative[1], 3))
        found[kind] = figures
        print(f"{kind:8}", "  ".join(
            f"{label}: {f['lapwing']:.5f} beside {f['llama_cpp']:.5f} ({f['ratio']:.3f})" for label, f in figures.items()))
    return found


def divergence(reference, rows):
    """Mean over positions of KL(reference || rows), both log-probabilities."""
    return float((np.exp(reference) * (reference - rows)).sum(axis=1).mean())


def by_llama(path, tokens):
    model = open_model(path, SEQUENCE)
    parts = []
    for part in sequences(tokens):
        model.reset()
        model.eval(part)
        parts.append(np.array(model.scores[: len(part)], dtype=np.float32))
    return np.concatenate(parts)


def by_lapwing(arguments, path, tokens):
    ids, out = os.path.join(arguments.work, "ids"), os.path.join(arguments.work, "logits")
    np.array(tokens, dtype="<i4").tofile(ids)
    subprocess.run([arguments.logits, path, ids, out], check=True)
    return np.fromfile(out, dtype="<f4").reshape(len(tokens), -1)


def expanded(arguments, source, name):
    """A file in F32 of a file or folder."""
    out = os.path.join(arguments.work, f"{name}.f32.gguf")
    quantize(arguments, source, out, "f32")
    return out


def quantize(arguments, source, out, kind):
    subprocess.run(
        [arguments.lapwing, "quantize", source, out, "--type", kind], check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def quantize_by_llama(source, out, kind):
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = TYPES[kind][0]
    assert llama_cpp.llama_model_quantize(source.encode(), out.encode(), ctypes.byref(options)) == 0


def compare(arguments, title, source, exact, runs, error):
    """Both quantisers from `source`, a file in F32. `runs` gives results of a file by each program, `exact` those of the
    source, and `error` is what lies between two results."""
    found = {}
    for kind in arguments.types.split(","):
        ours, theirs = (os.path.join(arguments.work, f"{name}.gguf") for name in ("ours", "theirs"))
        quantize(arguments, source, ours, kind)
        quantize_by_llama(source, theirs, kind)
        types = [{name: entry[0] for name, entry in tensor_types(path)[0].items()} for path in (ours, theirs)]
        figures = {"same_types": types[0] == types[1], "bytes": [os.path.getsize(path) for path in (ours, theirs)]}
        for engine, run in runs.items():
            values = [error(exact[engine], run(path)) for path in (ours, theirs)]
            figures[f"run_by_{engine}"] = dict(
                lapwing=float(f"{values[0]:.4g}"), llama_cpp=float(f"{values[1]:.4g}"), ratio=round(values[0] / values[1], 3))
        found[kind] = figures
        print(f"{title} {kind:8}", "  ".join(
            f"{key}: {f['lapwing']:.4g} beside {f['llama_cpp']:.4g} ({f['ratio']:.3f})"
            for key, f in figures.items() if key.startswith("run_by")), "types", figures["same_types"], flush=True)
    return found


def decoder(arguments, title, source, tokens):
    runs = {"llama_cpp": lambda path: log_probabilities(by_llama(path, tokens)),
            "lapwing": lambda path: log_probabilities(by_lapwing(arguments, path, tokens))}
    exact = {engine: run(source) for engine, run in runs.items()}
    return compare(arguments, title, source, exact, runs, divergence), exact


def default_model(arguments):
    source = expanded(arguments, arguments.model, "default")
    tokens = text_tokens(open_model(source, SEQUENCE), arguments.data)[:POSITIONS]
    return decoder(arguments, "default model", source, tokens)[0]


def random_model(arguments):
    folder = os.path.join(arguments.work, "random-decoder")
    tokens = quantize_sources.random_decoder(folder)
    source = expanded(arguments, folder, "random-decoder")
    found, exact = decoder(arguments, "random model", source, tokens)
    apart = divergence(log_probabilities(by_lapwing(arguments, folder, tokens)), exact["llama_cpp"])
    print(f"random model: llama.cpp on the F32 file is {apart:.2g} nats from lapwing on the folder")
    return found | {"f32_from_folder": apart}


def embedding_model(arguments):
    texts = quantize_sources.sentences(arguments.data)
    source = expanded(arguments, arguments.embedding, "embedding")
    runs = {"llama_cpp": lambda path: quantize_sources.vectors_by_llama(path, texts),
            "lapwing": lambda path: quantize_sources.vectors_by_lapwing(arguments.lapwing, path, texts, arguments.work)}
    exact = {engine: run(source) for engine, run in runs.items()}
    error = lambda expected, found: float(((expected - found) ** 2).sum(axis=1).mean())
    found = compare(arguments, "embeddings", source, exact, runs, error)
    folder = runs["lapwing"](arguments.embedding)
    least = float((folder * exact["llama_cpp"]).sum(axis=1).min())
    print(f"embeddings: the least cosine of llama.cpp on the F32 file and lapwing on the folder is {least:.6f}")
    return found | {"f32_least_cosine_to_folder": least}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("lapwing", "logits", "model", "embedding", "data", "work"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--types", default=",".join(GATED))
    arguments = parser.parse_args()
    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, None)
    found = {
        "random_matrices": random_matrices(arguments, Ggml()), "embedding_model": embedding_model(arguments),
        "random_model": random_model(arguments), "default_model": default_model(arguments),
    }
    ratios = {
        f"{part} {kind} {label}": figures["ratio"]
        for part, kinds in found.items() for kind in GATED for label, figures in kinds.get(kind, {}).items()
        if isinstance(figures, dict)
    }
    worst = max(ratios, key=ratios.get)
    print(json.dumps(found | {"worst": worst, "worst_ratio": ratios[worst], "positions": POSITIONS}))
    sys.exit(1 if ratios[worst] > LIMIT else 0)


if __name__ == "__main__":
    main()
