#!/usr/bin/env bash
# Runs lm_eval against the server and `lapwing eval` directly on ARC-easy, ARC-challenge, PIQA, OpenBookQA and MMLU, and
# compares choices and numbers of right answers. `make test` does the same for the first questions.
#
#     Scripts/eval_agreement.sh [--limit N] [--mmlu N] [--tasks a,b]
#
# Without arguments whole sets, and 9 questions of each of MMLU's 57 subjects, 513 in all. Needs the default model, the
# packages of Scripts/clients.sh and the public data sets (LAPWING_DATA). Status 1 where anything differs.
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent build model
Scripts/clients.sh
exec .cache/clients/bin/python Scripts/clients/lm_eval_agreement.py .build/release/lapwing \
    models/SmolLM2-135M-Instruct.Q4_1.gguf "${LAPWING_DATA:-../shared/data}" "$@"
