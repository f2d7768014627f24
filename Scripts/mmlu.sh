#!/usr/bin/env bash
# Runs lm_eval's MMLU, 5-shot, against a server of its own, and prints the accuracy and how many prompt tokens were
# computed of those that were sent.
#
#     Scripts/mmlu.sh [SUBJECT ...] [--limit QUESTIONS]
#
# Needs the default model, the packages of Scripts/clients.sh and the public data sets (LAPWING_DATA/mmlu/mmlu.zip).
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent build model
Scripts/clients.sh
exec .cache/clients/bin/python Scripts/clients/lm_eval_mmlu.py .build/release/lapwing \
    models/SmolLM2-135M-Instruct.Q4_1.gguf "${LAPWING_DATA:-../shared/data}/mmlu/mmlu.zip" "$@"
