#!/usr/bin/env bash
# Quantises models and random matrices with lapwing and with llama.cpp from the same sources, and compares what they lose.
#
#     Scripts/quantize.sh [MODEL] [DATA]
#
# MODEL is a GGUF file (the default model where none is given, expanded to F32), DATA a folder with gsm8k/test.jsonl and
# stsb/stsb-en-test.csv, whose questions and sentences are the texts. TYPES names types, with commas between them, where not
# only the four that are held to a limit are to be compared. llama.cpp comes as the Python package llama-cpp-python, built into
# .cache/peers. The last line is one JSON object; Docs/Quantize.md says what it means. Three minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh

model=${1:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
data=${2:-../shared/data}
Scripts/minilm.sh >&2
make_llama_python
swift build -c release --product lapwing 2>&1 | grep -E 'error' || true
swift build -c release --product ForwardLogits 2>&1 | grep -E 'error' || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$llama_python" Scripts/compare_quantizers.py --lapwing .build/release/lapwing --logits .build/release/ForwardLogits \
    --model "$model" --embedding "${LAPWING_MINILM:-models/all-MiniLM-L6-v2}" --data "$data" --work "$work" \
    ${TYPES:+--types "$TYPES"}
