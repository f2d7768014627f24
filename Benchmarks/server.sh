#!/usr/bin/env bash
# Our server beside llama-server on the same file with two threads, over HTTP with the same prompts in turns; then what
# each process has resident with eight requests of 256 tokens, and of 1,000. The last line is one JSON object.
#
#   Benchmarks/server.sh [ROUNDS]
#   LAPWING_MODEL=models/other.gguf Benchmarks/server.sh
#
# llama-server is built for this machine from the source package llama-cpp-python, into .cache/peers.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh
rounds=${1:-5}
model=${LAPWING_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
threads=2
port=${PORT:-18181}
work=$(mktemp -d)
server=

make --silent build model >&2
make_llama_server

stop() { if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; fi; server=; }
trap 'stop; rm -rf "$work"' EXIT

await() {
    for _ in $(seq 600); do
        if curl -sf "http://127.0.0.1:$port/v1/models" >"$work/models" 2>/dev/null; then return; fi
        kill -0 "$server" 2>/dev/null || { echo "$1 did not start:" >&2; tail -5 "$work/$1.log" >&2; exit 1; }
        sleep 0.1
    done
    echo "$1 is not ready after a minute" >&2
    exit 1
}

# Eight slots of 1,024 tokens. Flash attention is its faster way at these depths; its store of old prompts is off, which
# only takes memory here.
start_llama() {
    "$llama_server" -m "$model" --host 127.0.0.1 --port "$port" -t "$threads" -np 8 -c 8192 -fa on --cache-ram 0 \
        >"$work/llama.log" 2>&1 &
    server=$!
    await llama
}

start_lapwing() {
    cat >"$work/lapwing.yaml" <<YAML
server: { host: 127.0.0.1, port: $port }
data: data
models: { model: { weights: "$PWD/$model", context: 4096 } }
YAML
    .build/release/lapwing serve --config "$work/lapwing.yaml" --log-level error >"$work/lapwing.log" 2>&1 &
    server=$!
    await lapwing
}

# MiB that the server has resident after eight requests together of so many tokens each.
resident_after() {
    python3 - "$port" "$1" "$server" <<'PYTHON'
import json, random, sys, threading, urllib.request

port, total, pid = sys.argv[1:]
words = "time people way day man thing woman life child world school state family student group country".split()
base = f"http://127.0.0.1:{port}/v1"
model = json.load(urllib.request.urlopen(base + "/models"))["data"][0]["id"]
counts = []


def ask():
    body = {"model": model, "prompt": " ".join(random.choices(words, k=int(total) - 64)), "max_tokens": 64,
            "temperature": 0, "ignore_eos": True}
    request = urllib.request.Request(
        base + "/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    counts.append(json.load(urllib.request.urlopen(request, timeout=600))["usage"]["total_tokens"])


threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if len(counts) < 8 or any(abs(count - int(total)) > 2 for count in counts):
    sys.exit(f"eight requests of {total} tokens were counted as {counts}")
with open(f"/proc/{pid}/status") as status:
    print(round(next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024, 1))
PYTHON
}

echo "speed, $rounds rounds in turns" >&2
start_llama
.build/release/lapwing bench --model "$model" --threads "$threads" --rounds "$rounds" \
    --against "http://127.0.0.1:$port" --json >"$work/speed.json"
stop

memory=
for side in llama lapwing; do
    for tokens in 256 1000; do
        echo "memory of $side with eight requests of $tokens tokens" >&2
        "start_$side"
        memory+=" $side:$tokens:$(resident_after "$tokens")"
        stop
    done
done

python3 - "$work/speed.json" $memory <<'PYTHON'
import json, os, platform, sys

speed = json.load(open(sys.argv[1]))
resident = {}
for item in sys.argv[2:]:
    side, tokens, value = item.split(":")
    resident.setdefault(side, {})[f"resident_8x{tokens}_mib"] = float(value)
rounded = lambda figures: {name: value and round(value, 1) for name, value in figures.items()}
cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
print(json.dumps({
    "model": speed["lapwing"]["model"],
    "lapwing": rounded(speed["lapwing"]["figures"]) | resident["lapwing"],
    "llama-server": rounded(speed["peer"]["figures"]) | resident["llama"],
    "ratio": {name: round(value, 2) for name, value in speed["ratio"].items()}
    | {name: round(value / resident["llama"][name], 2) for name, value in resident["lapwing"].items()},
    "notes": {"lapwing": speed["lapwing"]["notes"], "llama-server": speed["peer"]["notes"]},
    "rounds": speed["lapwing"]["rounds"],
    "machine": f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
}))
PYTHON
