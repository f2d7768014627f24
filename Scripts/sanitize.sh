#!/usr/bin/env bash
# Runs the tests of the engine half (text, model, engine) under AddressSanitizer, with a hundred thousand mutated GGUF headers
# and twenty thousand mutated models that are loaded and run where they open. LAPWING_CHECKS closes the gaps between the
# parts of the model's memory and checks the scheduler's books after every step. A memory error, or an allocation on the
# heap that no small file can justify, ends the run with a report and an error.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
package=$root/.build/asan/package

# A package of the engine half alone: it resolves and builds nothing else, in a build folder of its own.
mkdir -p "$package"
ln -sfn "$root/Sources" "$package/Sources"
ln -sfn "$root/Tests" "$package/Tests"
cat > "$package/Package.swift" <<'MANIFEST'
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "lapwing",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "CLapwingKernels", exclude: ["check"], cSettings: [.unsafeFlags(["-O2", "-ffp-contract=off"])]),
        .target(name: "LapwingAPI"),
        .target(name: "LapwingText"),
        .target(name: "LapwingModel", dependencies: ["CLapwingKernels"]),
        .target(name: "LapwingEngine", dependencies: ["LapwingAPI", "LapwingText", "LapwingModel"]),
        .target(
            name: "LapwingTestSupport", dependencies: ["LapwingAPI", "LapwingModel"], path: "Tests/LapwingTestSupport"),
        .testTarget(
            name: "LapwingTextTests", dependencies: ["LapwingText", "LapwingModel", "LapwingTestSupport"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "LapwingEngineTests",
            dependencies: ["LapwingAPI", "LapwingText", "LapwingModel", "LapwingEngine", "LapwingTestSupport"]),
        .testTarget(
            name: "LapwingModelTests", dependencies: ["CLapwingKernels", "LapwingModel", "LapwingTestSupport"],
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

# Leaks are off: the Swift runtime keeps metadata for the life of the process.
export ASAN_OPTIONS="detect_leaks=0:max_allocation_size_mb=256:allocator_may_return_null=0:abort_on_error=0"
# The tiny models run through the code that the real one does, and the real one takes minutes here.
export LAPWING_MODEL=none
export LAPWING_FUZZ_ROUNDS=${LAPWING_FUZZ_ROUNDS:-100000}
swift test --package-path "$package" --scratch-path "$root/.build/asan/build" --sanitize=address -c release \
    --disable-testable-imports -Xswiftc -DLAPWING_CHECKS "$@"
