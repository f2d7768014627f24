#!/usr/bin/env bash
# Builds dist/lapwing with the Swift runtime inside: a machine that runs it needs libsqlite3, libstdc++ and zlib,
# and nothing of Swift.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "dist: building dist/lapwing (the first time takes five to ten minutes on two cores)"
quiet=()
[ -t 1 ] || quiet=(--quiet)
# A build folder of its own: the runtime is chosen for all that is linked, and the tests need the shared one.
swift build -c release --product lapwing --static-swift-stdlib --scratch-path .build/dist ${quiet[@]+"${quiet[@]}"}
mkdir -p dist
strip -o dist/lapwing .build/dist/release/lapwing
echo "dist: dist/lapwing, $(du -h dist/lapwing | cut -f1)B"
