#!/usr/bin/env bash
# Runs the engine half (text, model, engine) under the compiler's sanitizers:
#
#   kernels  every kernel over every shape, in memory allocated to the byte: AddressSanitizer and UndefinedBehaviorSanitizer
#   address  the tests, with a hundred thousand mutated GGUF headers and twenty thousand mutated models that are loaded and
#            run where they open; undefined behaviour in the kernels' C ends the process with an illegal instruction
#   thread   the model's and the engine's tests under ThreadSanitizer
#
#   Scripts/sanitize.sh [kernels] [address] [thread] [-- ARGUMENTS OF `swift test`]
#
# LAPWING_CHECKS closes the gaps between the parts of the model's memory and checks the scheduler's books after every step.
# A fault, or an allocation on the heap that no small file can justify, ends the run with a report and an error.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
out=$root/.build/sanitize

parts=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    parts+=("$1")
    shift
done
[ $# -eq 0 ] || shift
[ ${#parts[@]} -gt 0 ] || parts=(kernels address thread)

# The manifest of the engine half alone: it resolves and builds nothing else, in a build folder of its own.
write_manifest() {
    local folder=$1 text_tests=$2
    cat > "$folder/Package.swift" <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "lapwing",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "CLapwingKernels", exclude: ["check"], cSettings: [.unsafeFlags(["-O2", "-ffp-contract=off"])]),
        .target(name: "LapwingAPI"),
        .target(name: "LapwingStatistics"),
        .target(name: "LapwingText"),
        .target(name: "LapwingModel", dependencies: ["CLapwingKernels"]),
        .target(name: "LapwingEngine", dependencies: ["LapwingAPI", "LapwingText", "LapwingModel"]),
        .target(
            name: "LapwingTestSupport", dependencies: ["LapwingAPI", "LapwingModel", "LapwingStatistics"], path: "Tests/LapwingTestSupport"),
        $text_tests
        .testTarget(
            name: "LapwingEngineTests",
            dependencies: ["LapwingAPI", "LapwingText", "LapwingModel", "LapwingEngine", "LapwingStatistics", "LapwingTestSupport"]),
        .testTarget(
            name: "LapwingModelTests", dependencies: ["CLapwingKernels", "LapwingModel", "LapwingStatistics", "LapwingTestSupport"],
            resources: [.copy("Fixtures")]),
    ]
)

for target in package.targets where target.name != "CLapwingKernels" {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
MANIFEST
}

# The tiny models run through the code that the real one does, and the real one takes minutes here.
export LAPWING_MODEL=none
# Leaks are off: the Swift runtime keeps metadata for the life of the process. Illegal instructions are reported here and
# not by the Swift runtime, whose own reading of the stack would be the fault that is reported.
export ASAN_OPTIONS="detect_leaks=0:max_allocation_size_mb=256:allocator_may_return_null=0:abort_on_error=0:handle_sigill=1"
export SWIFT_BACKTRACE=enable=no

kernels() {
    mkdir -p "$out"
    # Loops that the slower code does not unroll are no fault.
    find Sources/CLapwingKernels -name '*.c' -not -name speed.c -print0 | xargs -0 clang -O1 -g -ffp-contract=off -Wall -Wextra -Werror \
        -Wno-pass-failed -fsanitize=address,undefined -fno-sanitize-recover=all -fuse-ld=lld \
        -I Sources/CLapwingKernels/include -lm -o "$out/parity"
    "$out/parity"
}

# The package manager has no switch for undefined behaviour; trapping needs no runtime of its own beside the other one's.
address() {
    mkdir -p "$out/address/package"
    ln -sfn "$root/Sources" "$root/Tests" "$out/address/package/"
    write_manifest "$out/address/package" '.testTarget(
            name: "LapwingTextTests", dependencies: ["LapwingText", "LapwingModel", "LapwingStatistics", "LapwingTestSupport"],
            resources: [.copy("Fixtures")]),'
    LAPWING_FUZZ_ROUNDS=${LAPWING_FUZZ_ROUNDS:-100000} swift test --package-path "$out/address/package" \
        --scratch-path "$out/address/build" --sanitize=address -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined \
        -c release --disable-testable-imports -Xswiftc -DLAPWING_CHECKS "$@"
}

# A copy, because its locks are others: Scripts/thread_mutex.swift says why.
thread() {
    local package=$out/thread/package target
    rm -rf "$package"
    mkdir -p "$package/Sources" "$package/Tests"
    cp -a Sources/{CLapwingKernels,LapwingAPI,LapwingStatistics,LapwingText,LapwingModel,LapwingEngine} "$package/Sources/"
    cp -a Tests/{LapwingTestSupport,LapwingModelTests,LapwingEngineTests} "$package/Tests/"
    for target in "$package"/*/*; do
        if grep -rqw Mutex "$target"; then cp -a Scripts/thread_mutex.swift "$target/"; fi
    done
    write_manifest "$package" ""
    LAPWING_FUZZ_ROUNDS=${LAPWING_FUZZ_ROUNDS:-200} TSAN_OPTIONS="halt_on_error=1 exitcode=66" \
        swift test --package-path "$out/thread/package" --scratch-path "$out/thread/build" --sanitize=thread \
        -c release --disable-testable-imports "$@"
}

for part in "${parts[@]}"; do
    case $part in
    kernels) kernels ;;
    address | thread) "$part" "$@" ;;
    *)
        echo "sanitize: found '$part', expected kernels, address or thread" >&2
        exit 2
        ;;
    esac
done
