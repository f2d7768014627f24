#!/usr/bin/env bash
# Makes .cache/clients, a Python environment with the packages that the end-to-end tests use, and installs strace.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.cache/clients
wanted=Scripts/clients/requirements.txt

missing=()
if [ "$(uname -s)" = Linux ]; then
    command -v strace >/dev/null || missing+=(strace)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
fi
[ ${#missing[@]} -eq 0 ] || Scripts/install.sh clients "${missing[@]}"

cmp -s "$wanted" "$folder/requirements.txt" && exit 0
echo "clients: installing openai, anthropic, llama.cpp, lm_eval and schemathesis (a minute or two)"
python3 -m venv --clear "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
cp "$wanted" "$folder/requirements.txt"
