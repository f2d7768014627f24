"""Measures llama.cpp on a GGUF file: prefill of 512 tokens, decode of 128, and eight sequences together, on THREADS threads.

    python Benchmarks/peer_llama.py MODEL.gguf [THREADS]

Uses the C interface directly, so that no Python work stands inside a timed call, and asks for the logits of the last
token only, as a server does. Prints one JSON object.
"""

import ctypes
import json
import sys
import time

import llama_cpp

path, threads = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
prefill_tokens, decode_tokens = 512, 128
streams, stream_prompt, stream_tokens = 8, 32, 64



def most_resident():
    """KiB; read here because getrusage hands on the peak of the process that started this one."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


baseline = most_resident()  # what Python and its packages take is not llama.cpp's
quiet = llama_cpp.llama_log_callback(lambda *_: None)
llama_cpp.llama_log_set(quiet, None)
llama_cpp.llama_backend_init()
model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
options = llama_cpp.llama_context_default_params()
options.n_ctx, options.n_batch, options.n_ubatch, options.n_seq_max = 1024, 512, 512, streams
options.kv_unified = True  # else the eight sequences would share the context out, and the prompt would not fit
options.n_threads = options.n_threads_batch = threads
context = llama_cpp.llama_init_from_model(model, options)
memory = llama_cpp.llama_get_memory(context)
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))


def decode(tokens):
    array = (llama_cpp.llama_token * len(tokens))(*tokens)
    if llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(array, len(tokens))) != 0:
        sys.exit("llama_decode failed")


def decode_together(rows):
    """One pass over rows of (token, position, sequence, whether its logits are wanted)."""
    batch = llama_cpp.llama_batch_init(len(rows), 0, 1)
    batch.n_tokens = len(rows)
    for i, (token, position, sequence, wanted) in enumerate(rows):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, position, 1, sequence
        batch.logits[i] = wanted
    if llama_cpp.llama_decode(context, batch) != 0:
        sys.exit("llama_decode failed")
    llama_cpp.llama_batch_free(batch)


def eight_streams():
    """Prompts of 32 tokens, then 64 tokens each, as a server that batches would compute them."""
    decode_together([(prompt[s + p], p, s, p == stream_prompt - 1) for s in range(streams) for p in range(stream_prompt)])
    for step in range(stream_tokens - 1):
        decode_together([(prompt[s + step], stream_prompt + step, s, True) for s in range(streams)])


def timed(body):
    start = time.perf_counter()
    body()
    llama_cpp.llama_synchronize(context)
    return time.perf_counter() - start


prompt = [(37 * i + 101) % vocabulary for i in range(prefill_tokens)]
llama_cpp.llama_memory_clear(memory, True)
decode(prompt[:8])
prefill, single, together = [], [], []
for _ in range(3):
    llama_cpp.llama_memory_clear(memory, True)
    prefill.append(prefill_tokens / timed(lambda: decode(prompt)))
    llama_cpp.llama_memory_clear(memory, True)
    decode(prompt[:8])
    single.append(decode_tokens / timed(lambda: [decode([token]) for token in prompt[:decode_tokens]]))
    llama_cpp.llama_memory_clear(memory, True)
    together.append(streams * stream_tokens / timed(eight_streams))

print(json.dumps({
    "engine": f"llama.cpp ({llama_cpp.__version__} of llama-cpp-python)", "threads": threads,
    "prefill_tokens_per_second": sorted(prefill)[1], "decode_tokens_per_second": sorted(single)[1],
    "eight_streams_tokens_per_second": sorted(together)[1],
    "resident_mb": (most_resident() - baseline) / 1024,
    "instruction_sets": llama_cpp.llama_print_system_info().decode().strip(),
}))
