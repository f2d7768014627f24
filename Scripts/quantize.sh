#!/usr/bin/env bash
# Quantises a model and random matrices with lapwing and with llama.cpp from the same source, and compares what they lose.
#
#     Scripts/quantize.sh [MODEL] [DATA]
#
# MODEL is a GGUF file (the default model where none is given, expanded to F32), DATA a folder with gsm8k/test.jsonl, whose
# questions are the text. llama.cpp comes as the Python package llama-cpp-python, built into .cache/peers. The last line is
# one JSON object; Docs/Quantize.md says what it means. About ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh

model=${1:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
data=${2:-../shared/data}
make_llama_python
swift build -c release --product lapwing 2>&1 | grep -E 'error' || true
swift build -c release --product ForwardLogits 2>&1 | grep -E 'error' || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$llama_python" Scripts/compare_quantizers.py --lapwing .build/release/lapwing --logits .build/release/ForwardLogits \
    --model "$model" --data "$data" --work "$work"
