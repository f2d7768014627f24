#!/usr/bin/env bash
# Holds a running server against an offline recomputation of its decisions, receipts, ledger, report and metrics, to the
# request and the nano-dollar, and times the first byte with and without hold-back.
#   Scripts/recompute.sh [QUESTIONS] [MODEL]
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/clients.sh
model=${2:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
[ -f .build/release/lapwing ] || Scripts/build.sh
exec .cache/clients/bin/python Scripts/clients/recompute.py "$PWD/.build/release/lapwing" "$(realpath "$model")" "${1:-40}"
