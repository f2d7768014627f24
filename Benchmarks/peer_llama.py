"""Measures llama.cpp on a GGUF file as `lapwing bench` measures the engine: the same figures by the same names.

    python Benchmarks/peer_llama.py MODEL.gguf [--threads 2] [--rounds 3] [--context 8192] [--only prefill,decode,streams]

Uses the C interface directly, so that no Python work stands inside a timed call, and asks for the logits of the last
token only, as a server does. Prints one JSON object on one line, medians of the rounds.
"""

import argparse
import json
import statistics
import sys
import time

import llama_cpp

PREFILLS, DEPTHS, STREAMS = (128, 512, 2048), (0, 1024, 4096), (1, 2, 4, 8)
DECODE_TOKENS, STREAM_PROMPT, STREAM_TOKENS = 128, 32, 64

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--context", type=int, default=8192)
parser.add_argument("--only", default="prefill,decode,streams")
arguments = parser.parse_args()
parts = arguments.only.split(",")

quiet = llama_cpp.llama_log_callback(lambda *_: None)
llama_cpp.llama_log_set(quiet, None)
llama_cpp.llama_backend_init()
model = llama_cpp.llama_model_load_from_file(
    arguments.model.encode(), llama_cpp.llama_model_default_params())
if not model:
    sys.exit(f"{arguments.model} cannot be loaded")
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))


def token(index):
    """Ids all over the vocabulary: speed does not hang on what is read."""
    return (37 * index + 101) % vocabulary


class Context:
    """Its best settings on two Zen 5 cores with SmolLM2-135M Q4_1, tokens a second:

    flash attention on: decode at depth 0 183, off 167; prefill of 512 486, off 457; eight streams 236, off 221;
    but at depth 4,096 off 69, on 67. Keys and values in f16: q8_0 needs flash attention and gives 57 at depth 4,096 and
    373 in prefill of 512. Logits are computed for the last token only.
    """

    def __init__(self, length, sequences=1, flash=True):
        options = llama_cpp.llama_context_default_params()
        options.n_ctx, options.n_seq_max = length, sequences
        options.n_batch, options.n_ubatch = max(512, min(length, 4096)), 512
        options.kv_unified = True  # else the sequences would share the context out
        options.n_threads = options.n_threads_batch = arguments.threads
        options.flash_attn_type = (
            llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash else llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED)
        self.context = llama_cpp.llama_init_from_model(model, options)
        if not self.context:
            sys.exit(f"llama.cpp makes no context of {length}")
        self.memory = llama_cpp.llama_get_memory(self.context)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        llama_cpp.llama_free(self.context)

    def clear(self):
        llama_cpp.llama_memory_clear(self.memory, True)

    def forget_from(self, position):
        llama_cpp.llama_memory_seq_rm(self.memory, 0, position, -1)

    def decode(self, tokens):
        """One pass over the next tokens of the only sequence."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        self.run(llama_cpp.llama_batch_get_one(array, len(tokens)))

    def decode_together(self, rows):
        """One pass over rows of (token, position, sequence, whether its logits are wanted)."""
        batch = llama_cpp.llama_batch_init(len(rows), 0, 1)
        batch.n_tokens = len(rows)
        for i, (id, position, sequence, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = id, position, 1, sequence
            batch.logits[i] = wanted
        self.run(batch)
        llama_cpp.llama_batch_free(batch)

    def run(self, batch):
        if llama_cpp.llama_decode(self.context, batch) != 0:
            sys.exit("llama_decode failed")
        llama_cpp.llama_synchronize(self.context)


def rate(count, before, body):
    """Tokens a second, the median of the rounds."""
    rates = []
    for _ in range(arguments.rounds):
        before()
        start = time.perf_counter()
        body()
        rates.append(count / (time.perf_counter() - start))
    return statistics.median(rates)


def prefill(length):
    prompt = [token(i) for i in range(length)]
    with Context(length) as context:
        context.decode(prompt[:8])
        return rate(length, context.clear, lambda: context.decode(prompt))


def decode(depth):
    """Writing one sequence whose cache holds `depth` tokens already, filled once."""
    tokens = [token(i) for i in range(depth + DECODE_TOKENS)]
    with Context(depth + DECODE_TOKENS, flash=depth < 4096) as context:
        context.decode(tokens[:8])
        context.clear()
        for start in range(0, depth, 512):
            context.decode(tokens[start : min(start + 512, depth)])
        return rate(
            DECODE_TOKENS, lambda: context.forget_from(depth), lambda: [context.decode([id]) for id in tokens[depth:]])


def streams(count):
    """Prompts of 32 tokens, then 64 tokens each, as a server that batches would compute them."""

    def body():
        context.decode_together([
            (token(s + p), p, s, p == STREAM_PROMPT - 1) for s in range(count) for p in range(STREAM_PROMPT)])
        for step in range(STREAM_TOKENS - 1):
            context.decode_together([(token(s + step), STREAM_PROMPT + step, s, True) for s in range(count)])

    with Context(max(512, count * (STREAM_PROMPT + STREAM_TOKENS)), count) as context:
        context.decode([token(i) for i in range(8)])
        return rate(count * STREAM_TOKENS, context.clear, body)


figures = {}
if "prefill" in parts:
    for length in PREFILLS:
        if length <= arguments.context:
            figures[f"prefill_{length}_tokens_per_second"] = prefill(length)
if "decode" in parts:
    for depth in DEPTHS:
        if depth + DECODE_TOKENS <= arguments.context:
            figures[f"decode_at_{depth}_tokens_per_second"] = decode(depth)
if "streams" in parts:
    for count in STREAMS:
        figures[f"streams_{count}_tokens_per_second"] = streams(count)

print(json.dumps({
    "engine": f"llama.cpp ({llama_cpp.__version__} of llama-cpp-python)", "threads": arguments.threads,
    "figures": figures, "instruction_sets": llama_cpp.llama_print_system_info().decode().strip(),
}))
