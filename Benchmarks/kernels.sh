#!/usr/bin/env bash
# Instructions and heap allocations that a token of decode takes, beside the most that Benchmarks/kernels.thresholds allows;
# fails where one is passed. Neither hangs on how busy the machine is. The last line is one JSON object.
#
#   Benchmarks/kernels.sh            the tiny model of the tests, and the default model where it is there
#   Benchmarks/kernels.sh --tiny     the tiny model alone, in seconds: part of `make test`
#   Benchmarks/kernels.sh --write    writes the thresholds anew: instructions + 3%, allocations + 2
#
# A figure is the difference between a run of N tokens and one of 2N, by N, on one thread. `forward` is the model alone,
# `engine` a request of the engine. Instructions are counted by valgrind, which cannot run AVX-512: they are those of the
# AVX2 kernels.
set -euo pipefail
cd "$(dirname "$0")/.."
option=${1:-}
out=.build/kernels
thresholds=Benchmarks/kernels.thresholds
model=${LAPWING_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
case $option in "" | --tiny | --write) ;; *) echo "kernels: found '$option', expected --tiny or --write" >&2; exit 2 ;; esac

if [ "$(uname -s)" != Linux ] || [ "$(uname -m)" != x86_64 ]; then
    echo "kernels: skipped; the thresholds are those of Linux on x86-64"
    exit 0
fi
command -v valgrind >/dev/null || Scripts/install.sh kernels valgrind
mkdir -p "$out"
clang -O2 -Wall -Wextra -Werror -shared -fPIC Benchmarks/allocations.c -o "$out/allocations.so"
# `make test` has built it.
[ "$option" = --tiny ] || swift build -c release --product DecodeSteps >&2
# Debian 12's valgrind gives up on the compiler's debug information.
steps=$out/DecodeSteps
strip -g -o "$steps" "$(swift build -c release --show-bin-path)/DecodeSteps"
# Hashes with another seed in each process would place the same keys elsewhere.
export LAPWING_KERNELS=avx2 SWIFT_DETERMINISTIC_HASHING=1

instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$steps" "$@" 2>&1 |
        awk '/Collected/ { print $NF; found = 1 } END { exit !found }'
}

allocations() {
    rm -f "$out/count"
    ALLOCATION_COUNT=$out/count LD_PRELOAD=$PWD/$out/allocations.so "$steps" "$@" >&2
    cat "$out/count"
}

failed=0
json=()
[ "$option" != --write ] || echo "# The most for a token of decode: Benchmarks/kernels.sh. Written for $(swift --version 2>/dev/null |
    grep -oE 'Swift version [0-9.]+')." >"$thresholds"

# check COUNTER MODE NAME-OF-MODEL MODEL N
check() {
    local counter=$1 mode=$2 name=$3.$2.$1 file=$4 count=$5 once twice found most verdict=ok
    once=$("$counter" "$mode" "$file" "$count")
    twice=$("$counter" "$mode" "$file" $((2 * count)))
    found=$(((twice - once + count / 2) / count))
    if [ "$option" = --write ]; then
        [ "$counter" = instructions ] && most=$((found * 103 / 100)) || most=$((found + 2))
        echo "$name $most" >>"$thresholds"
    fi
    most=$(awk -v name="$name" '$1 == name { print $2 }' "$thresholds")
    [ -n "$most" ] || { echo "kernels: $thresholds has no line for $name" >&2; exit 1; }
    [ "$found" -le "$most" ] || { verdict="MORE"; failed=1; }
    printf '%-32s %10d a token, at most %10d  %s\n' "$name" "$found" "$most" "$verdict"
    json+=("\"$name\": $found")
}

check instructions forward tiny tiny 64
check allocations forward tiny tiny 64
check allocations engine tiny tiny 64
if [ "$option" != --tiny ] && [ -e "$model" ]; then
    check instructions forward default "$model" 8
    check allocations forward default "$model" 16
fi
(IFS=,; echo "{${json[*]}}")
exit $failed
