#!/usr/bin/env bash
# Prefill, decode, eight streams and memory beside llama.cpp on the same file with two threads, in turns; the last line is
# one JSON object, medians over the rounds. Eight streams are here whole requests through the engine, sampling and
# log-probabilities included; llama.cpp's are bare forward passes of the same tokens.
#
#   Benchmarks/engine.sh [ROUNDS]
#
# llama.cpp is built for this machine from the source package llama-cpp-python, into .cache/peers/llama.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5}
model=${LAPWING_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
peer=.cache/peers/llama
log=.cache/peers/engine.jsonl

make --silent build model >&2
if [ ! -x "$peer/bin/python" ] || ! "$peer/bin/python" -c 'import llama_cpp' 2>/dev/null; then
    echo "building llama.cpp for this machine (about five minutes)" >&2
    python3 -m venv "$peer"
    # The version is fixed: a figure beside another peer would be another figure.
    CMAKE_BUILD_PARALLEL_LEVEL=2 CMAKE_ARGS="-DGGML_NATIVE=ON -DMTMD_BUILD=OFF" \
        "$peer/bin/pip" install --quiet --no-binary llama-cpp-python llama-cpp-python==0.3.36 >&2
fi

: >"$log"
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    .build/release/lapwing bench --model "$model" --threads 2 --json >>"$log"
    "$peer/bin/python" Benchmarks/peer_llama.py "$model" 2 >>"$log"
done
"$peer/bin/python" - "$log" <<'PYTHON'
import json, os, platform, statistics, sys

rows = [json.loads(line) for line in open(sys.argv[1])]
ours = [row for row in rows if row["engine"] == "lapwing"]
peer = [row for row in rows if row["engine"] != "lapwing"]
figures = ("prefill_tokens_per_second", "decode_tokens_per_second", "eight_streams_tokens_per_second", "resident_mb")
own = ("load_seconds", "first_token_seconds")


def median(side, figure, places=1):
    return round(statistics.median(row[figure] for row in side), places)


cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
print(json.dumps({
    "lapwing": {figure: median(ours, figure) for figure in figures} | {figure: median(ours, figure, 4) for figure in own}
    | {"kernels": ours[0]["kernels"]},
    "llama.cpp": {figure: median(peer, figure) for figure in figures} | {"build": peer[0]["engine"]},
    "ratio": {figure: round(median(ours, figure) / median(peer, figure), 2) for figure in figures},
    "rounds": len(ours), "machine": f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
}))
PYTHON
