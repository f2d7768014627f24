#!/usr/bin/env bash
# Compares lm_eval's ARC-easy, run against the server, with the engine asked directly: every choice of all 2,376 questions.
#
#     Scripts/arc.sh
#
# `make test` does the same for the first 300. Needs the default model, the packages of Scripts/clients.sh and the public
# data sets (LAPWING_DATA/mcq/arc_easy.jsonl). Status 1 where a choice differs.
set -euo pipefail
cd "$(dirname "$0")/.."
make --silent model
Scripts/clients.sh
swift build -c release --build-tests
LAPWING_ARC=all swift test -c release --disable-testable-imports --skip-build --filter LMEvalTests
