"""Embeds STS-B's sentences with ONNX Runtime and with EncodeSentences in turns; started by Benchmarks/embeddings.sh."""

import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

program, model, pairs_file, work, rounds = sys.argv[1:6]
rounds = int(rounds)
weights = os.environ.get("LAPWING_MINILM_WEIGHTS", model)
BATCH_SIZES = (8, 16, 32, 64)
WANTED = {"float32": 1.5, "int8": 2.5}
REFERENCE = 0.8203
SINGLE_MS = 3


def export(path):
    """The encoder with its mean pooling and normalisation, exported by torch."""
    import torch
    from transformers import AutoModel

    class Embedder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = AutoModel.from_pretrained(model, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask, token_type_ids):
            rows = self.encoder(input_ids, attention_mask, token_type_ids).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(rows.dtype)
            return torch.nn.functional.normalize((rows * mask).sum(1) / mask.sum(1))

    names = ["input_ids", "attention_mask", "token_type_ids"]
    ones = torch.ones(2, 8, dtype=torch.long)
    axes = {name: {0: "batch", 1: "length"} for name in names} | {"vectors": {0: "batch"}}
    with torch.no_grad():
        torch.onnx.export(
            Embedder(), (ones, ones, torch.zeros_like(ones)), path, input_names=names, output_names=["vectors"],
            dynamic_axes=axes, opset_version=17, dynamo=False)


class Peer:
    def __init__(self, path, cores):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cores
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def vectors(self, sentences, size):
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        result = np.zeros((len(sentences), 384), np.float32)
        for start in range(0, len(order), size):
            batch = order[start:start + size]
            length = max(len(sentences[index]) for index in batch)
            tokens = np.zeros((len(batch), length), np.int64)
            mask = np.zeros_like(tokens)
            for row, index in enumerate(batch):
                tokens[row, :len(sentences[index])] = sentences[index]
                mask[row, :len(sentences[index])] = 1
            inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
            result[batch] = self.session.run(None, inputs)[0]
        return result

    def seconds(self, sentences, size):
        start = time.perf_counter()
        self.vectors(sentences, size)
        return time.perf_counter() - start


class Ours:
    def __init__(self, precision, ids):
        self.process = subprocess.Popen(
            [program, weights, precision, ids], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self, command="run"):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def vectors(self, count):
        path = os.path.join(work, "vectors.bin")
        self.seconds("vectors " + path)
        return np.fromfile(path, np.float32).reshape(count, -1)


def ranks(values):
    """Equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]


def spearman(vectors, scores):
    half = len(scores)
    cosines = (vectors[:half] * vectors[half:]).sum(1)
    return float(np.corrcoef(ranks(cosines), ranks(np.array(scores)))[0, 1])


def main():
    path = os.path.join(work, "minilm.onnx")
    if not os.path.exists(path):
        export(path)
    with open(pairs_file, newline="") as file:
        pairs = list(csv.reader(file))
    tokenizer = Tokenizer.from_file(os.path.join(model, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    texts = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    sentences = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    scores = [float(pair[2]) for pair in pairs]
    ids = os.path.join(work, "ids.txt")
    with open(ids, "w") as file:
        file.writelines(" ".join(map(str, sentence)) + "\n" for sentence in sentences)

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    peer = Peer(path, cores)
    trial = {size: min(peer.seconds(sentences, size) for _ in range(2)) for size in BATCH_SIZES}
    size = min(trial, key=trial.get)
    ours = {precision: Ours(precision, ids) for precision in WANTED}
    for process in ours.values():
        process.seconds()
    taken = {"onnxruntime": []} | {precision: [] for precision in ours}
    single = {name: [] for name in taken}
    for _ in range(rounds):
        taken["onnxruntime"].append(peer.seconds(sentences, size))
        single["onnxruntime"] += [peer.seconds(sentences[:1], 1) for _ in range(5)]
        for precision, process in ours.items():
            taken[precision].append(process.seconds())
            single[precision] += [process.seconds("single") for _ in range(5)]

    rate = {name: len(sentences) / statistics.median(times) for name, times in taken.items()}
    query = {name: 1000 * statistics.median(times) for name, times in single.items()}
    rank = {"onnxruntime": spearman(peer.vectors(sentences, size), scores)}
    rank |= {precision: spearman(process.vectors(len(sentences)), scores) for precision, process in ours.items()}
    processor = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            processor = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), processor)
    print(f"{processor}, {cores} cores; ONNX Runtime {onnxruntime.__version__}, batches of {size}; "
          f"{len(sentences)} sentences of {sum(map(len, sentences)) / len(sentences):.1f} tokens; medians of {rounds}")
    failed = []
    for name in taken:
        ratio = rate[name] / rate["onnxruntime"]
        print(f"{name:12} {rate[name]:7.0f} sentences/s  x{ratio:.2f}  one query {query[name]:.2f} ms  "
              f"Spearman {rank[name]:.4f}")
        if name in WANTED and ratio < WANTED[name]:
            failed.append(f"{name} is x{ratio:.2f}, expected x{WANTED[name]}")
        if name in WANTED and query[name] > SINGLE_MS:
            failed.append(f"one query takes {name} {query[name]:.2f} ms, expected {SINGLE_MS}")
    if abs(rank["float32"] - REFERENCE) > 0.002:
        failed.append(f"Spearman is {rank['float32']:.4f}, expected {REFERENCE}")
    if rank["int8"] < rank["float32"] * 0.995:
        loss = 100 - 100 * rank["int8"] / rank["float32"]
        failed.append(f"int8 loses {loss:.2f}% of Spearman, expected 0.5% at most")
    for line in failed:
        print("MISSED", line)
    print(json.dumps({"machine": processor, "cores": cores, "onnxruntime": onnxruntime.__version__, "batch": size,
                      "sentences_per_second": rate, "query_ms": query, "spearman": rank}))
    for process in ours.values():
        process.process.stdin.close()
        process.process.wait()
    return 1 if failed else 0


sys.exit(main())
