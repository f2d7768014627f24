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
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    echo "clients: installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

cmp -s "$wanted" "$folder/requirements.txt" && exit 0
echo "clients: installing openai and lm_eval (a minute or two)"
python3 -m venv --clear "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
cp "$wanted" "$folder/requirements.txt"
