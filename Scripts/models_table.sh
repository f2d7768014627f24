#!/usr/bin/env bash
# Writes the table of Docs/Models.md from what ArchitectureTests finds.
set -euo pipefail
cd "$(dirname "$0")/.."
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

swift build -c release --build-tests
LAPWING_MODELS_TABLE=$rows swift test -c release --disable-testable-imports --skip-build --filter ArchitectureTests >/dev/null
python3 - "$rows" <<'PYTHON'
import sys

start, end = "<!-- made by Scripts/models_table.sh -->\n", "<!-- end -->"
text = open("Docs/Models.md").read()
before, rest = text.split(start)
table = "| architecture | tiny model | from transformers' logits | from llama.cpp, nats |\n|---|---|---|---|\n"
rows = sorted(open(sys.argv[1]).read().splitlines(True))
open("Docs/Models.md", "w").write(before + start + table + "".join(rows) + end + rest.split(end)[1])
PYTHON
