#!/usr/bin/env bash
# Makes the fixtures of Tests/LapwingModelTests/Fixtures/Architectures anew: architectures.sh [NAME ...]; see make_architectures.py.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh

# Fixed, since a fixture by another version would be another fixture.
packages=(torch==2.13.0 transformers==4.57.6 safetensors==0.8.0 numpy==2.4.6)
work=.cache/architectures

if ! [ -x "$work/bin/python" ] || ! "$work/bin/python" -c 'import torch, transformers' 2>/dev/null; then
    python3 -m venv "$work"
    "$work/bin/pip" install --quiet "${packages[@]}" >&2
fi

# llama.cpp's converter is in the sources of the package that its library comes from.
export CONVERTER=$PWD/$work/llama.cpp
if ! [ -d "$CONVERTER/conversion" ]; then
    "$work/bin/pip" download --quiet --no-deps --no-binary llama-cpp-python -d "$work" "$llama_package" >&2
    mkdir -p "$CONVERTER"
    tar -xzf "$work"/llama_cpp_python-*.tar.gz -C "$CONVERTER" --strip-components=3 --wildcards \
        '*/vendor/llama.cpp/conversion' '*/vendor/llama.cpp/gguf-py'
fi

make_llama_python
# Behind the environment's own packages, so that only llama.cpp is taken from there.
LLAMA_PACKAGES=$("$llama_python" -c 'import llama_cpp; print(llama_cpp.__path__[0] + "/..")')
export LLAMA_PACKAGES TQDM_DISABLE=1
exec "$work/bin/python" Scripts/make_architectures.py "$@"
