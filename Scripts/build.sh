#!/usr/bin/env bash
# Builds the release binary; only a terminal sees the compiler's progress.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -x .build/release/lapwing ]; then
    echo "build: bringing .build/release/lapwing up to date"
else
    echo "build: building .build/release/lapwing (the first time takes about ten minutes on two cores)"
fi
quiet=()
[ -t 1 ] || quiet=(--quiet)
swift build -c release --product lapwing ${quiet[@]+"${quiet[@]}"}
