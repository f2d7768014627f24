#!/usr/bin/env bash
# Sentences a second of all-MiniLM-L6-v2 beside ONNX Runtime: the sentences of STS-B's test, in turns, medians; and how well
# the vectors rank its pairs. Fails where a figure misses what is asked of it. Last line: one JSON object.
#
#   Benchmarks/embeddings.sh [ROUNDS]
#
# ONNX Runtime gets what is best for it: the graph as torch exports it with all optimisations, a thread a core, batches of
# sentences of like lengths, and of several batch sizes the fastest of a trial. Tokens are the same, made beforehand.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(torch==2.13.0 transformers==4.57.6 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6)
work=.cache/peers/onnx
python=$work/bin/python

Scripts/minilm.sh >&2
swift build -c release --product EncodeSentences >&2
if ! "$python" -c 'import torch, transformers, onnx, onnxruntime' 2>/dev/null; then
    echo "embeddings: installing ${packages[*]}" >&2
    python3 -m venv "$work"
    "$work/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2
fi
export TOKENIZERS_PARALLELISM=false
exec "$python" Benchmarks/peer_onnx.py "$(swift build -c release --show-bin-path)/EncodeSentences" \
    "${LAPWING_MINILM:-models/all-MiniLM-L6-v2}" "${LAPWING_DATA:-../shared/data}/stsb/stsb-en-test.csv" "$work" "${1:-7}"
