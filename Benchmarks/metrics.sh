#!/usr/bin/env bash
# Instructions that it takes to count one request with one call for /metrics. The last line is one JSON object.
#
#   Benchmarks/metrics.sh
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || Scripts/install.sh metrics valgrind >&2
[ -n "${BUILT:-}" ] || swift build -c release --product MetricsCost >&2
program=$(mktemp)
trap 'rm -f "$program"' EXIT
# Debian 12's valgrind gives up on the compiler's debug information.
strip --strip-debug -o "$program" .build/release/MetricsCost
chmod +x "$program"

instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" 2>&1 |
        sed -n 's/.*refs: *//p' | tr -d ,
}

few=$(instructions 1000) many=$(instructions 11000)
echo "{\"instructions_a_request\": $(((many - few) / 10000))}"
