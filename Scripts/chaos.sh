#!/usr/bin/env bash
# 50,000 requests through a gateway that is killed every few seconds, whose upstreams fail in every way, and whose clients are
# slow or go away; then its ledger is held against what the clients saw. Takes about ten minutes on two cores.
#
#   Scripts/chaos.sh [--requests N] [--clients N] [--seed N] [--kill-every SECONDS]
#
# The last line is one JSON object; status 1 where anything is wrong. `make test` runs a short form.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${LAPWING_PROGRAM:-}" ]; then make --silent build >&2; fi
exec python3 Scripts/chaos/run.py "$(realpath "${LAPWING_PROGRAM:-.build/release/lapwing}")" "$@"
