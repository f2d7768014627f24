#!/usr/bin/env bash
# What the gateway costs: requests a second and latency through `lapwing serve`, its durable ledger on, beside the upstream
# asked directly and beside LiteLLM's proxy, all on this machine; nginx is the upstream, wrk asks at concurrency 10, in
# turns. After each run the ledger's entries are counted against the answers that wrk saw and the requests that the upstream
# saw; they may differ by those in flight when wrk goes away, and not at all after 5,000 requests whose client waits for all.
# Beside the ledger as it is (`lapwing`) stand a flush for each entry (`each`), no waiting (`deferred`) and no ledger (`off`).
# Then the time that a stream's chunks are held up. The last line is one JSON object.
#
#   Benchmarks/gateway.sh [ROUNDS] [SECONDS A RUN]
#   LITELLM=no Benchmarks/gateway.sh     leaves the peer out
#
# nginx and wrk come from Debian; LiteLLM is installed with pip into .cache/peers. wrk, the upstream and the gateway share
# the cores, so that a gateway's own limit lies higher.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}
seconds=${2:-10}
connections=10
litellm_version=1.108.7
upstream=18281 port=18282
work=$(mktemp -d)
gateway= nginx=

missing=()
for program in nginx wrk; do command -v $program >/dev/null || [ -x /usr/sbin/$program ] || missing+=($program); done
[ ${#missing[@]} -eq 0 ] || Scripts/install.sh gateway "${missing[@]}" >&2
swift build -c release --product lapwing >&2
peers=(lapwing each deferred off)
if [ "${LITELLM:-yes}" != no ]; then
    peers+=(litellm)
    litellm=.cache/peers/litellm/bin/litellm
    if [ ! -x $litellm ]; then
        echo "gateway: installing litellm[proxy] $litellm_version" >&2
        python3 -m venv .cache/peers/litellm
        .cache/peers/litellm/bin/pip install --quiet --disable-pip-version-check "litellm[proxy]==$litellm_version" >&2
    fi
fi

stop() { if [ -n "${!1}" ]; then kill "${!1}" 2>/dev/null && wait "${!1}" 2>/dev/null || true; fi; printf -v "$1" ''; }
trap 'stop gateway; stop nginx; rm -rf "$work"' EXIT

# One answer, as a stream to those that ask for one.
cat >"$work/nginx.conf" <<NGINX
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events { worker_connections 1024; }
http {
    log_format line '\$status';
    access_log $work/requests.log line buffer=64k flush=1s;
    client_body_temp_path $work/body;
    keepalive_requests 1000000000;
    client_body_buffer_size 64k;
    map \$http_accept \$kind { default json; ~event-stream stream; }
    server {
        listen 127.0.0.1:$upstream;
        location = /v1/chat/completions {
            if (\$kind = stream) { rewrite ^ /stream last; }
            default_type application/json;
            return 200 '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Forty-two."},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16}}';
        }
        location = /stream {
            internal;
            default_type text/event-stream;
            return 200 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Forty-two."},"finish_reason":null}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16}}

data: [DONE]

';
        }
    }
}
NGINX
mkdir -p "$work/body"
PATH=$PATH:/usr/sbin nginx -e "$work/nginx.log" -c "$work/nginx.conf" &
nginx=$!

cat >"$work/ask.lua" <<'LUA'
wrk.method = "POST"
wrk.body = '{"model": "m", "messages": [{"role": "user", "content": "What is the answer?"}]}'
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer sk-benchmark"
function done(summary, latency, requests)
    io.write(string.format('{"requests": %d, "failed": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f}\n',
        summary.requests, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
        summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
LUA

cat >"$work/lapwing.yaml" <<YAML
server: { host: 127.0.0.1, port: $port }
data: $work/data
models:
  m:
    provider: openai-compatible
    endpoints: ["http://127.0.0.1:$upstream/v1"]
    logprobs: false
    price: { input: 0.24, output: 0.24 }
YAML
cat >"$work/litellm.yaml" <<YAML
model_list:
  - model_name: m
    litellm_params: { model: openai/m, api_base: "http://127.0.0.1:$upstream/v1", api_key: none }
YAML

# Seconds until it answers, of its own making or not.
await() {
    python3 - "$1" "$port" <<'PYTHON'
import sys, time, urllib.request
start, url = float(sys.argv[1]), f"http://127.0.0.1:{sys.argv[2]}/v1/models"
while True:
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers={"authorization": "Bearer sk-benchmark"}), timeout=5)
        break
    except OSError:
        if time.time() - start > 120: sys.exit(f"nothing answers at {url} after two minutes")
        time.sleep(0.01)
print(round(time.time() - start, 2))
PYTHON
}

start() {
    local began
    began=$(date +%s.%N)
    case $1 in
    lapwing | each | deferred | off)
        .build/release/lapwing serve --config "$work/lapwing.yaml" --log-level error \
            --ledger-durability ${1/lapwing/grouped} >"$work/$1.log" 2>&1 &
        ;;
    # Neither asks for a key.
    litellm) LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY=true "$litellm" --config "$work/litellm.yaml" --host 127.0.0.1 --port $port >"$work/litellm.log" 2>&1 & ;;
    esac
    gateway=$!
    started=$(await "$began") || { tail -5 "$work/$1.log" >&2; exit 1; }
}

ask() { wrk -t1 -c$connections -d"$2s" -s "$work/ask.lua" "http://127.0.0.1:$1/v1/chat/completions" | grep '^{'; }
seen() { sleep 1.2; wc -l <"$work/requests.log"; }
resident() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$gateway/status"; }

for round in $(seq "$rounds"); do
    for side in direct "${peers[@]}"; do
        echo "round $round of $rounds, $side" >&2
        if [ $side = direct ]; then
            ask $upstream 1 >/dev/null
            echo "direct $(ask $upstream "$seconds")" >>"$work/results"
            continue
        fi
        rm -rf "$work/data"
        start $side
        before=$(seen)
        ask $port 2 >/dev/null
        line=$(ask $port "$seconds")
        memory=$(resident)
        stop gateway
        entries=0
        [ $side = litellm ] || entries=$(.build/release/lapwing ledger export --config "$work/lapwing.yaml" | wc -l)
        echo "$side ${line%\}}, \"start_s\": $started, \"resident_mib\": $memory, \"upstream_requests\": $(($(seen) - before)), \"entries\": $entries}" >>"$work/results"
    done
done

echo "5,000 requests, counted" >&2
rm -rf "$work/data"
start lapwing
before=$(seen)
answers=$(python3 Benchmarks/peer_stream.py count $port 5000)
stop gateway
entries=$(.build/release/lapwing ledger export --config "$work/lapwing.yaml" | wc -l)
echo "counted {\"answers\": $answers, \"entries\": $entries, \"upstream\": $(($(seen) - before))}" >>"$work/results"
stop nginx

echo "streams" >&2
python3 Benchmarks/peer_stream.py serve $upstream &
nginx=$!
until (exec 3<>/dev/tcp/127.0.0.1/$upstream) 2>/dev/null; do sleep 0.1; done
for side in direct lapwing $(printf '%s\n' "${peers[@]}" | grep litellm || true); do
    at=$upstream
    if [ $side != direct ]; then at=$port; start $side; fi
    echo "stream-$side $(python3 Benchmarks/peer_stream.py ask $at)" >>"$work/results"
    stop gateway
done

python3 - "$work/results" <<'PYTHON'
import collections, json, os, platform, statistics, sys

rows = collections.defaultdict(list)
for line in open(sys.argv[1]):
    side, row = line.split(" ", 1)
    rows[side].append(json.loads(row))
figures, failed = {}, []
for side, runs in rows.items():
    if "requests" in runs[0]:
        for run in runs: run["requests_per_second"] = run["requests"] / run["seconds"]
    figures[side] = {name: round(statistics.median(run[name] for run in runs), 2) for name in runs[0]
                     if "requests" not in runs[0] or name not in ("requests", "seconds", "entries", "upstream_requests")}
for side in "lapwing", "each", "deferred", "off":
    for run in rows[side]:
        expected = 0 if side == "off" else run["upstream_requests"]
        if not 0 <= run["entries"] - expected <= 20:
            failed.append(f"{side}: the ledger has {run['entries']} entries, the upstream saw {run['upstream_requests']} requests")
        if run["failed"]: failed.append(f"{side}: {run['failed']} requests failed")
if len(set(figures["counted"].values())) > 1: failed.append(f"counted {figures['counted']}, expected one number")
ours, direct = figures["lapwing"], figures["direct"]
ours["added_p50_ms"] = round(ours["p50_ms"] - direct["p50_ms"], 2)
ours["added_p99_ms"] = round(ours["p99_ms"] - direct["p99_ms"], 2)
for name, found, most in [("added p99 in ms", ours["added_p99_ms"], 5), ("MiB resident", ours["resident_mib"], 100),
                          ("seconds to start", ours["start_s"], 1), ("3,100 / requests a second", 3100 / ours["requests_per_second"], 1)]:
    if found > most: failed.append(f"{name}: {found:.2f}, at most {most}")
for line in failed: print("MISSED", line)
cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
result = {"figures": figures, "machine": f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"}
if "litellm" in figures:
    result["times_litellm"] = round(ours["requests_per_second"] / figures["litellm"]["requests_per_second"], 1)
print(json.dumps(result))
sys.exit(1 if failed else 0)
PYTHON
