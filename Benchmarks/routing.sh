#!/bin/sh
# Fits prompt gates on RouteLLM's questions and prints what they reach out of fold, beside the published routers:
#   Benchmarks/routing.sh DATA [SEEDS]
# DATA is the folder that holds routellm/evals of github.com/lm-sys/RouteLLM; seeds are 5 unless it says otherwise.
# Needs models/all-MiniLM-L6-v2 (`make model`). Last line: one JSON object.
set -eu
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "usage: Benchmarks/routing.sh DATA [SEEDS]" >&2; exit 2; }
[ -d models/all-MiniLM-L6-v2 ] || Scripts/minilm.sh >&2
swift build -c release --product RoutingBenchmark >&2
exec "$(swift build -c release --show-bin-path)/RoutingBenchmark" "$1" models/all-MiniLM-L6-v2 "${2:-5}"
