#!/bin/sh
# Measures the ledger on the disk that holds FOLDER (default: the system's temporary folder): requests a second with
# group commit at 1, 8 and 64 at once, bytes an entry, and seconds to verify and to report. Last line: one JSON object.
set -eu
cd "$(dirname "$0")/.."
swift build -c release --product LedgerBenchmark >&2
exec "$(swift build -c release --show-bin-path)/LedgerBenchmark" "$@"
