#!/usr/bin/env bash
# Prefill at 128, 512 and 2,048 tokens, decode at depths 0, 1,024 and 4,096, and 1, 2, 4 and 8 streams beside llama.cpp on
# the same file with two threads, in turns; the last line is one JSON object, medians over the rounds. Our streams are
# whole requests through the engine, sampling included; llama.cpp's are bare forward passes of the same tokens.
# Benchmarks/server.sh compares servers, and memory.
#
#   Benchmarks/engine.sh [ROUNDS]
#   LAPWING_MODEL=models/other.gguf Benchmarks/engine.sh
#
# llama.cpp is built for this machine from the source package llama-cpp-python, into .cache/peers.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh
rounds=${1:-5}
model=${LAPWING_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
log=.cache/peers/engine.jsonl

make --silent build model >&2
make_llama_python

: >"$log"
for round in $(seq "$rounds"); do
    # A part of both is over in seconds, so that what else the machine does meets both.
    for part in prefill decode streams; do
        echo "round $round of $rounds, $part" >&2
        .build/release/lapwing bench --model "$model" --threads 2 --rounds 1 --only "$part" --json >>"$log"
        "$llama_python" Benchmarks/peer_llama.py "$model" --threads 2 --rounds 1 --only "$part" >>"$log"
    done
    echo "round $round of $rounds, first token" >&2
    .build/release/lapwing bench --model "$model" --threads 2 --rounds 1 --only first-token --json >>"$log"
done
"$llama_python" - "$log" <<'PYTHON'
import collections, json, os, platform, statistics, sys

sides = {"lapwing": collections.defaultdict(list), "llama.cpp": collections.defaultdict(list)}
engines = {}
for line in open(sys.argv[1]):
    row = json.loads(line)
    side = "lapwing" if row["engine"] == "lapwing" else "llama.cpp"
    engines[side] = row
    for name, value in row["figures"].items():
        if value is not None:
            sides[side][name].append(value)
# Read in the runs of single parts, they say nothing.
for name in ("resident_mib", "most_resident_mib"):
    sides["lapwing"].pop(name, None)
median = {side: {name: round(statistics.median(values), 1) for name, values in figures.items()}
          for side, figures in sides.items()}
cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
print(json.dumps({
    "model": engines["lapwing"]["model"],
    "lapwing": median["lapwing"] | {"facts": engines["lapwing"]["facts"]},
    "llama.cpp": median["llama.cpp"] | {"build": engines["llama.cpp"]["engine"]},
    "ratio": {name: round(median["lapwing"][name] / value, 2) for name, value in median["llama.cpp"].items()
              if name in median["lapwing"]},
    "rounds": max(map(len, sides["lapwing"].values())),
    "machine": f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
}))
PYTHON
