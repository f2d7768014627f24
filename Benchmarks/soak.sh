#!/usr/bin/env bash
# Memory under load: drives short requests, 64 at once, against a server of its own with the default model, and prints
# resident memory every 1,000. Status 1 where a request fails otherwise than by a refusal to be tried again, or where
# memory at the end is more than 5% over that at the first 1,000.
#
#   Benchmarks/soak.sh [REQUESTS]
#
# LAPWING_MODEL names another file, LAPWING_PROGRAM another build of the program.
set -euo pipefail
cd "$(dirname "$0")/.."
requests=${1:-10000}
model=$(realpath "${LAPWING_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}")
if [ -z "${LAPWING_PROGRAM:-}" ]; then make --silent build model >&2; fi
program=$(realpath "${LAPWING_PROGRAM:-.build/release/lapwing}")

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cat >"$folder/lapwing.yaml" <<YAML
server: { host: 127.0.0.1, port: 8080 }
data: ./data
machine: { usd_per_hour: 0.10 }
models:
  soak: { weights: "$model", context: 2048 }
routes:
  soak-route: { open: soak, hold: 48, escalate: { below: 0.0 } }
report: { counterfactual: gpt-4-turbo }
YAML
(cd "$folder" && exec "$program" serve --config lapwing.yaml --port 0 --log-level error) >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 300); do
    port=$(grep -oE '127\.0\.0\.1:[0-9]+' "$folder/log" | head -1 | cut -d: -f2 || true)
    [ -n "$port" ] && break
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
    sleep 0.1
done
python3 - "$port" "$server" "$requests" <<'PYTHON'
import http.client, json, random, sys, threading, time

port, server, requests = (int(argument) for argument in sys.argv[1:])
lock = threading.Lock()
todo = iter(range(requests))
outcomes, resident, failures = {}, [], []
start = time.monotonic()


def memory():
    with open(f"/proc/{server}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def request(number):
    """Of all kinds: chats and completions, streamed and not, drawn and greedy, scored, and dropped halfway."""
    dice = random.Random(number)
    text = f"Question {number % 97}: " + "why is it so? " * dice.randint(1, 20)
    body = {"model": "soak", "max_tokens": dice.randint(1, 24), "temperature": dice.choice([0, 1]),
            "stream": dice.random() < 0.5}
    if dice.random() < 0.2:
        path = "/v1/completions"
        body |= {"prompt": text, "echo": dice.random() < 0.5, "logprobs": 1, "stream": False}
    else:
        path = "/v1/chat/completions"
        body["messages"] = [{"role": "user", "content": text}]
    drops = body["stream"] and dice.random() < 0.3
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if drops:
            response.read(10)
            return "dropped"
        data = response.read()
        if response.status not in (200, 429, 503):
            failures.append((number, response.status, data[:300]))
        return response.status
    except (OSError, http.client.HTTPException) as error:
        failures.append((number, repr(error)))
        return type(error).__name__
    finally:
        connection.close()


def work():
    while True:
        with lock:
            number = next(todo, None)
        if number is None:
            return
        outcome = request(number)
        with lock:
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            done = sum(outcomes.values())
            if done % 1000 == 0 or done == requests:
                resident.append(memory())
                print(f"{done} requests: {resident[-1]:.1f} MiB resident, {done / (time.monotonic() - start):.0f} "
                      f"requests/s, {outcomes}", flush=True)


threads = [threading.Thread(target=work) for _ in range(64)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
growth = resident[-1] / resident[0] - 1
print(f"memory grew by {100 * growth:.1f}% from the first 1,000 requests to the last")
for failure in failures[:5]:
    print("failed:", failure)
sys.exit(bool(failures) or growth > 0.05)
PYTHON
