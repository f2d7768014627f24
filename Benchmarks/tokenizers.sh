#!/usr/bin/env bash
# Measures the tokenizers of each family beside the Python package `tokenizers`: the same vocabulary and texts, one core,
# in turns. Takes files of text, a line each a text; without any, the texts that the tests use. Last line: one JSON object.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/tokenizers.sh >&2
swift build -c release --product TokenizerBenchmark >&2
binary=$(swift build -c release --show-bin-path)/TokenizerBenchmark
pin=()
command -v taskset >/dev/null && pin=(taskset -c 0)
export TOKENIZERS_PARALLELISM=false RAYON_NUM_THREADS=1
exec "${pin[@]}" .cache/tokenizers-python/bin/python Benchmarks/peer_tokenizers.py "$binary" .cache/tokenizers "$@"
