#!/usr/bin/env bash
# Lints, builds once in release, runs every test, then the sanitizers, the counts and the emulator. The last line is `N passed, N failed, N skipped`.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
# Release for all, so that the program and its tests share one build: Docs/Decisions/0002-release-tests.md.
test=(-c release --disable-testable-imports --skip-build)
failed=0

step() { printf '\n== %s\n' "$1"; }

# Passing tests say nothing; what fails says all.
quiet() { grep -Ev '^◇|^✔ (Test "|Suite )|^\[[0-9]+/[0-9]+\]' || true; }

# Runs a part of the tests; its log is what the counts at the end are taken from.
run() {
    local log=$logs/$1
    shift
    swift test "${test[@]}" "$@" 2>&1 | tee "$log" | quiet
    grep -qE '^✔ Test run with [0-9]+ tests?.* passed' "$log" || failed=$((failed + 1))
}

step "format"
make --silent lint || failed=$((failed + 1))

step "build (the first one takes about ten minutes on two cores)"
# An import that the manifest does not name is an error, also where it would be found by chance.
swift build -c release --build-tests --explicit-target-dependency-import-check error 2>&1 |
    grep -Ev '^\[[0-9]+/[0-9]+\] (Compiling|Write|Emitting|Wrapping)'
[ "${PIPESTATUS[0]}" -eq 0 ] || { echo "the build failed"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }

step "vocabularies of other models, and the embedding model"
Scripts/tokenizers.sh || failed=$((failed + 1))
Scripts/minilm.sh || failed=$((failed + 1))

step "tests"
# Apart from those that start the program: the others have 1,600 files open at once, and where there are over 1,365
# Foundation's `Process.run` may read past the end of its list of them.
starting='LapwingCommandTests|KeyStoreTests'
run unit --skip LapwingEndToEndTests --skip "$starting"
run commands --filter "$starting"

# These start processes and wait for them, so they run one at a time, after the others.
step "end-to-end tests: the program, its clients, kills and system calls"
Scripts/clients.sh || failed=$((failed + 1))
run end --no-parallel --filter LapwingEndToEndTests

step "sanitizer runs: kernels in tight memory; the engine half with damaged weight files; its threads"
Scripts/sanitize.sh 2>&1 | tee "$logs/sanitize" | quiet
[ "${PIPESTATUS[0]}" -eq 0 ] || failed=$((failed + 1))

step "instructions and allocations that a token takes"
Benchmarks/kernels.sh --tiny || failed=$((failed + 1))

step "kernels of the processors that this machine is not"
Scripts/emulate.sh || failed=$((failed + 1))

# swift-testing marks what each test came to at the start of its last line.
count() { cat "$logs/unit" "$logs/commands" "$logs/end" | grep -cE "$1" || true; }
passed=$(count '^✔ Test ".* passed after')
broken=$(count '^✘ Test ".* failed after')
skipped=$(count '^(➜|↳|-) Test ".* skipped')
[ "$broken" -gt "$failed" ] && failed=$broken
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
