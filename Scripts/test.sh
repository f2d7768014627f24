#!/usr/bin/env bash
# Lints, builds once in release, runs every test, then the sanitizer run. The last line is `N passed, N failed, N skipped`.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
# Release for all, so that the program and its tests share one build: Docs/Decisions/0002-release-tests.md.
test=(-c release --disable-testable-imports --skip-build)
failed=0

step() { printf '\n== %s\n' "$1"; }

step "format"
swift format lint --strict -r Sources Tests Package.swift || failed=$((failed + 1))

step "build (the first one takes about ten minutes on two cores)"
swift build -c release --build-tests 2>&1 | grep -Ev '^\[[0-9]+/[0-9]+\] (Compiling|Write|Emitting|Wrapping)'
[ "${PIPESTATUS[0]}" -eq 0 ] || { echo "the build failed"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# Tests that start processes wait for them, so they run one at a time, after the others, and only where they are asked
# for: LAPWING_END_TO_END=1. They have not yet passed as a whole.
step "tests"
swift test "${test[@]}" --skip LapwingEndToEndTests 2>&1 | tee "$logs/unit" | grep -Ev '^(◇|✔) Test |^◇ Suite|^✔ Suite'
runs=(unit)
if [ "${LAPWING_END_TO_END:-0}" = 1 ]; then
    step "end-to-end tests"
    Scripts/clients.sh || failed=$((failed + 1))
    swift test "${test[@]}" --no-parallel --filter LapwingEndToEndTests 2>&1 | tee "$logs/end" | grep -Ev '^◇ '
    runs+=(end)
fi
step "sanitizer run"
Scripts/sanitize.sh 2>&1 | tee "$logs/sanitize" || failed=$((failed + 1))

# swift-testing marks what each test came to at the start of its last line.
count() { cat "$logs"/* | grep -cE "$1" || true; }
for run in "${runs[@]}"; do
    grep -qE 'Test run with [0-9]+ tests?.* passed' "$logs/$run" || failed=$((failed + 1))
done
passed=$(count '^✔ Test .* passed after')
broken=$(count '^✘ Test .* failed after')
skipped=$(count '^(➜|↳|-) Test .* skipped')
[ "$broken" -gt "$failed" ] && failed=$broken
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
