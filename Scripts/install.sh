#!/usr/bin/env bash
# Installs Debian packages, as root or through sudo:  install.sh PREFIX PACKAGE ...  (PREFIX begins its messages)
set -euo pipefail
prefix=$1
shift
if ! command -v apt-get >/dev/null; then
    echo "$prefix: these Debian packages, or what your system calls them, are needed: $*" >&2
    exit 1
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "$prefix: installing $*"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
