#!/usr/bin/env bash
# How often promises were broken, drift watches raised false alarms and e-processes rejected what was true, in simulated
# deployments whose truth is known; about a minute. The last line is one JSON object.
#
#   Benchmarks/guarantee.sh
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${BUILT:-}" ] || swift build -c release --product GuaranteeSimulation >&2
.build/release/GuaranteeSimulation
