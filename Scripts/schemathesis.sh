#!/usr/bin/env bash
# Tries the whole API of a real server by its own OpenAPI document, for so many seconds (default 300):
#   Scripts/schemathesis.sh [SECONDS]
# Needs `make build model`. Fails at an answer that is the server's own fault or that the document does not know.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/clients.sh
lapwing=$PWD/.build/release/lapwing
model=$PWD/models/SmolLM2-135M-Instruct.Q4_1.gguf
folder=$(mktemp -d)
trap 'kill "${server:-0}" 2>/dev/null || true; wait "${server:-0}" 2>/dev/null || true; rm -rf "$folder"' EXIT

cat >"$folder/lapwing.yaml" <<YAML
models: { smollm2: { weights: "$model", context: 512, pooling: mean } }
routes: { support: { open: smollm2 } }
YAML
key() {
    "$lapwing" keys create "$@" --json --config "$folder/lapwing.yaml" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])'
}
client=$(key client)
admin=$(key admin --admin)
"$lapwing" serve --config "$folder/lapwing.yaml" --port 0 --log-level error >"$folder/out" &
server=$!
for _ in $(seq 100); do
    url=$(grep -oE 'https?://[0-9.:]+' "$folder/out" || true)
    [ -n "$url" ] && break
    sleep 0.1
done
CLIENT_KEY=$client ADMIN_KEY=$admin .cache/clients/bin/python Scripts/clients/schemathesis_run.py \
    "$url" smollm2 support --seconds "${1:-300}"
