#!/usr/bin/env python3
"""Writes what llama.cpp computes from a model file, for Lapwing's tests.

    make_reference.py MODEL OUT [--data DIR]
    make_reference.py MODEL --compare TOOL [--data DIR]

Needs the packages llama-cpp-python and numpy. OUT (about 1 MB) holds:

1. Greedy continuations: 64 tokens for each of the prompts below, by llama.cpp on the file as it is, each with the
   margin in nats between its two best tokens; and, over the same tokens, the best token and the margin that llama.cpp
   finds with the file's own weights expanded to F32.
2. Next-token distributions of 2,048 positions of GSM8K questions (MIT licence), in four sequences of 512, with the
   expanded weights: the 128 best tokens with their log-probabilities, and the log-probability of all others together.

Why expanded: with quantised weights llama.cpp rounds activations to eight bits, and one rounding that falls the other
way changes all that follow. Fed the same tokens once in one batch and once one by one, llama.cpp then differs from
itself by a mean KL divergence of 0.003, and in its best token at margins over 0.5 nats. Expanded weights are
multiplied as floats, so their result is what the file says, and repeats.

--compare runs `TOOL MODEL IDS LOGITS` (ForwardLogits under Benchmarks) over the same positions and
prints mean KL divergences over whole distributions: of the tool, and of llama.cpp on the file as it is, from the
expanded weights. The test can only see a lower bound, about 7% less.

Format of OUT, little-endian: the bytes LWRF; uint32 version 1, positions, positions a sequence, tokens kept, prompts;
int32 tokens of the positions; then for each position uint16 tokens kept, uint16 their codes, uint16 code of the rest,
where a code c means the log-probability -c / 2048; then for each prompt uint32 length, uint32 answer length, int32
prompt tokens, int32 answer tokens, int32 best tokens of the expanded weights, float32 margins, float32 margins of the
expanded weights.
"""

import argparse
import ctypes
import json
import os
import struct
import subprocess
import tempfile

import llama_cpp
import numpy as np

SEQUENCE = 512
POSITIONS = 2048
KEPT = 128
ANSWER = 64

QUESTIONS = [
    "My parcel shows as delivered but there is nothing at my door. What should I do first?",
    "Explain in two sentences why the sky is blue.",
    "Write a short polite email asking a landlord to repair a leaking tap.",
    "What is the difference between a list and a tuple in Python?",
    "Give me three ideas for a vegetarian lunch that can be made in ten minutes.",
    "Translate to French: The train to Lyon leaves at nine.",
    "How do I reset my password if I no longer have my old phone number?",
    "List the planets of the solar system in order from the sun.",
    "Summarise the plot of a story about a fox who learns to share.",
    "A shirt costs 40 dollars and is reduced by a quarter. What does it cost now?",
]

TEXTS = [
    "The lapwing is a bird of open fields. In the spring it",
    "def fibonacci(n):\n    \"\"\"Return the first n Fibonacci numbers.\"\"\"\n",
    "Once upon a time, in a village at the foot of a mountain, there lived",
    "SELECT customer_id, SUM(amount) FROM payments WHERE",
    "The three most important inventions of the nineteenth century were",
    "Dear Sir or Madam,\n\nI am writing to complain about",
    "1, 2, 4, 8, 16, 32,",
    "Water boils at 100 degrees Celsius at sea level, but on a high mountain",
    "<html>\n<head>\n<title>My page</title>\n",
    "In 1492, Christopher Columbus",
]


def chat(question):
    return f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"


def open_model(path, context):
    return llama_cpp.Llama(path, n_ctx=context, n_batch=context, n_threads=os.cpu_count(), logits_all=True, verbose=False)


def log_probabilities(logits):
    logits = logits.astype(np.float64)
    top = logits.max(axis=-1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))


def expand(path, folder):
    """The same weights as F32, by llama.cpp's own tool."""
    expanded = os.path.join(folder, "expanded.gguf")
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = 0
    options.allow_requantize = True
    if llama_cpp.llama_model_quantize(path.encode(), expanded.encode(), ctypes.byref(options)) != 0:
        raise SystemExit("llama.cpp could not expand the weights")
    return expanded


def best_two(scores):
    """The best token and its margin over the next, for each row."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :2]
    values = np.take_along_axis(scores, best, axis=1)
    return best[:, 0], values[:, 0] - values[:, 1]


def greedy(model, tokens):
    """ANSWER tokens and the margin of each, ended early by nothing."""
    model.reset()
    model.eval(tokens)
    answer, margins = [], []
    for _ in range(ANSWER):
        best, margin = best_two(log_probabilities(np.array(model.scores[model.n_tokens - 1 : model.n_tokens])))
        answer.append(int(best[0]))
        margins.append(float(margin[0]))
        model.eval([answer[-1]])
    return answer, margins


def forced(model, tokens, answer):
    """Best tokens and margins where a model is fed another's answer."""
    model.reset()
    model.eval(tokens + answer[:-1])
    start = len(tokens) - 1
    return best_two(log_probabilities(np.array(model.scores[start : start + len(answer)])))


def sequences(tokens):
    return [tokens[start : start + SEQUENCE] for start in range(0, len(tokens), SEQUENCE)]


def text_tokens(model, data):
    with open(os.path.join(data, "gsm8k", "test.jsonl"), encoding="utf-8") as lines:
        text = "\n\n".join(json.loads(line)["question"] for line in list(lines)[:80])
    tokens = model.tokenize(text.encode(), add_bos=False, special=False)
    assert len(tokens) >= POSITIONS
    return tokens[:POSITIONS]


def distributions(model, tokens):
    """Log-probabilities [512, vocabulary] of each sequence in turn."""
    for part in sequences(tokens):
        model.reset()
        model.eval(part)
        yield log_probabilities(np.array(model.scores[: len(part)]))


def encode(rows):
    code = lambda values: np.clip(np.round(-values * 2048), 0, 65535).astype("<u2")
    kept = np.argsort(-rows, axis=1, kind="stable")[:, :KEPT]
    values = np.take_along_axis(rows, kept, axis=1)
    rest = np.log(np.maximum(1 - np.exp(values).sum(axis=1, keepdims=True), 1e-12))
    return np.concatenate([kept.astype("<u2"), code(values), code(rest)], axis=1).tobytes()


def write(arguments, folder):
    model = open_model(arguments.model, SEQUENCE)
    assert model.n_vocab() <= 65536
    prompts = [chat(question) for question in QUESTIONS] + TEXTS
    answers = []
    for prompt in prompts:
        tokens = model.tokenize(prompt.encode(), add_bos=False, special=True)
        answers.append((tokens, *greedy(model, tokens)))
    tokens = text_tokens(model, arguments.data)
    del model

    exact = open_model(expand(arguments.model, folder), SEQUENCE)
    with open(arguments.out, "wb") as out:
        out.write(b"LWRF" + struct.pack("<5I", 1, POSITIONS, SEQUENCE, KEPT, len(prompts)))
        out.write(np.array(tokens, dtype="<i4").tobytes())
        for rows in distributions(exact, tokens):
            out.write(encode(rows))
        for prompt, answer, margins in answers:
            best, exact_margins = forced(exact, prompt, answer)
            out.write(struct.pack("<2I", len(prompt), len(answer)))
            out.write(np.array(prompt + answer + best.tolist(), dtype="<i4").tobytes())
            out.write(np.array(margins + exact_margins.tolist(), dtype="<f4").tobytes())
    print(f"{arguments.out}: {os.path.getsize(arguments.out)} bytes")


def compare(arguments, folder):
    model = open_model(arguments.model, SEQUENCE)
    tokens = text_tokens(model, arguments.data)
    exact = open_model(expand(arguments.model, folder), SEQUENCE)
    ids, logits = os.path.join(folder, "ids"), os.path.join(folder, "logits")
    np.array(tokens, dtype="<i4").tofile(ids)
    subprocess.run([arguments.compare, arguments.model, ids, logits], check=True)
    ours = np.memmap(logits, dtype="<f4", mode="r").reshape(POSITIONS, -1)
    sums = np.zeros(3)
    pairs = zip(sequences(ours), distributions(model, tokens), distributions(exact, tokens))
    for tool, peer, reference in pairs:
        tool = log_probabilities(tool)
        for index, (p, q) in enumerate([(reference, tool), (reference, peer), (peer, tool)]):
            sums[index] += (np.exp(p) * (p - q)).sum()
    names = ["tool_from_exact", "llama_cpp_from_exact", "tool_from_llama_cpp"]
    print(json.dumps(dict(zip(names, (sums / POSITIONS).round(6).tolist())) | {"positions": POSITIONS}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--compare", metavar="TOOL")
    parser.add_argument("--data", default=os.path.join(os.path.dirname(__file__), "..", "..", "shared", "data"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.compare:
            compare(arguments, folder)
        elif arguments.out:
            write(arguments, folder)
        else:
            parser.error("OUT or --compare is needed")


if __name__ == "__main__":
    main()
