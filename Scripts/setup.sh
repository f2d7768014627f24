#!/usr/bin/env bash
# Installs what building and fetching the model need and this machine lacks: SQLite's headers, Python with pip.
set -euo pipefail

say() { echo "setup: $*"; }

if ! command -v swift >/dev/null; then
    say "Swift 6.2 or newer is needed and not found; see https://www.swift.org/install" >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+')
major=${version%%.*}
minor=${version##*.}
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
    say "Swift $version found, 6.2 or newer needed; see https://www.swift.org/install" >&2
    exit 1
fi

# macOS brings SQLite in its SDK and Python with the command line tools.
[ "$(uname -s)" = Linux ] || exit 0

missing=()
echo '#include <sqlite3.h>' | clang -E -x c - >/dev/null 2>&1 || missing+=(libsqlite3-dev)
command -v python3 >/dev/null || missing+=(python3)
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
[ ${#missing[@]} -eq 0 ] || "$(dirname "$0")/install.sh" setup "${missing[@]}"
