#!/usr/bin/env bash
# What the confidence of labels is worth: Banking77 intents by the default model's scores and by a head on open embeddings,
# ARC-easy and PIQA by the default model's scores of the choices, alone and with an open embedder beside it. Heads and calibrators are fitted to rows that they do not
# judge: of Banking77 to its training part; of the other two, which have one part each, to four fifths, five times over, so
# that every row is judged once. Last line: one JSON object.
#
#   Benchmarks/calibration.sh [DATA]
#
# DATA is a folder with banking77 and mcq. Answers are kept in a folder of the cache, so that a run that was cut off goes on.
# LAPWING_HEAD, LAPWING_FIT and LAPWING_TEST bound the rows that Banking77's scorer reads of the training part (1,500 and
# 1,000) and of the test part (all).
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(realpath "${1:-${LAPWING_DATA:-../shared/data}}")
work=${LAPWING_CALIBRATION_WORK:-.cache/calibration}
target=0.92
resplits=${LAPWING_RESPLITS:-100}
system='You are a bank'\''s support desk. Answer with the intent of the customer'\''s message.'

if [ -z "${LAPWING_NO_BUILD:-}" ]; then
    swift build -c release --product lapwing >&2
    swift build -c release --product CalibrationBenchmark >&2
fi
bin=$(swift build -c release --show-bin-path)
mkdir -p "$work"
cat > "$work/lapwing.yaml" <<EOF
data: ./data
models:
  smollm2: { weights: $PWD/models/SmolLM2-135M-Instruct.Q4_1.gguf }
  minilm: { weights: $PWD/models/all-MiniLM-L6-v2 }
routes:
  intents-raw: { open: smollm2, labels: { file: labels.json } }
  intents: { open: smollm2, labels: { head: intents } }
  intents-head: { open: minilm, labels: { head: intents-head } }
  arc_easy: { open: smollm2, labels: { head: arc_easy } }
  arc_easy-embedder: { open: smollm2, labels: { head: arc_easy-embedder }, embedder: minilm }
  piqa: { open: smollm2, labels: { head: piqa } }
  piqa-embedder: { open: smollm2, labels: { head: piqa-embedder }, embedder: minilm }
EOF
python3 - "$data" "$work" "${LAPWING_HEAD:-1500}" "${LAPWING_FIT:-1000}" "${LAPWING_TEST:-100000}" <<'EOF'
import csv, json, random, sys

data, work, head, fit, test = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
parts = {}
for part in ("train", "test"):
    rows = [(r["text"], r["category"]) for r in csv.DictReader(open(f"{data}/banking77/{part}.csv"))]
    random.Random(1).shuffle(rows)
    parts[part] = rows
json.dump(sorted({label for _, label in parts["train"]}), open(f"{work}/labels.json", "w"))

def write(name, rows):
    with open(f"{work}/{name}.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["prompt", "answer"])
        out.writerows(rows)

train = parts["train"]
write("intents.head", train[:head])
write("intents.fit", train[head:head + fit])
write("intents.test", parts["test"][:test])
# The head on vectors is cheap: all of the training part, but for what its calibrator is fitted to.
write("intents-head.head", train[1000:])
write("intents-head.fit", train[:1000])
write("intents-head.test", parts["test"])
for task in ("arc_easy", "piqa"):
    rows = [line for line in open(f"{data}/mcq/{task}.jsonl") if line.strip()]
    random.Random(1).shuffle(rows)
    for name in (task, f"{task}-embedder"):
        open(f"{work}/{name}.jsonl", "w").writelines(rows)
        for fold in range(5):
            open(f"{work}/{name}.{fold}.fit.jsonl", "w").writelines(r for i, r in enumerate(rows) if i % 5 != fold)
            open(f"{work}/{name}.{fold}.test.jsonl", "w").writelines(r for i, r in enumerate(rows) if i % 5 == fold)
EOF

calibrate() { "$bin/lapwing" calibrate "$@" --config "$work/lapwing.yaml"; }
# gather ROUTE FILES EXTENSION: what the route's calibrator is fitted to and judged on, under the head that was just fitted;
# scores that are in the files of answers already are read from there.
gather() {
    for part in fit test; do
        calibrate fit "$1" --data "$2.$part.$3" --system "$system" --answers "$2.$part.answers" \
            $([ "$part" = test ] && echo --dry-run) --target "$target" --json > "$2.$part.json"
    done
}
# judge NAME FIT JUDGE …
judge() {
    "$bin/CalibrationBenchmark" "$target" "$resplits" "${@:2}" | tail -1 > "$work/$1.result.json"
    echo "$1: $(cat "$work/$1.result.json")" >&2
}
# intents ROUTE HEAD-ROUTE
intents() {
    local files=$work/$1
    calibrate head "$2" --name "$1" --data "$files.head.csv" --system "$system" --answers "$files.head.answers" >&2
    # Scores are kept from run to run; what a head makes of vectors is that head's alone.
    if [ "$1" = intents-head ]; then rm -f "$files.fit.answers" "$files.test.answers"; fi
    gather "$1" "$files" csv
    judge "$1" "$files.fit.answers" "$files.test.answers"
}
# choices ROUTE: the few weights of a head can be fitted to the rows of the calibrator too.
choices() {
    local files=$work/$1 pairs=()
    # Every choice is scored once; each fold takes its rows' scores from there.
    calibrate head "$1" --data "$files.jsonl" --answers "$files.answers" >&2
    for fold in 0 1 2 3 4; do
        python3 - "$files" "$fold" <<'EOF'
import sys

files, fold = sys.argv[1], int(sys.argv[2])
answers = [line.split('"row":', 1) for line in open(f"{files}.answers")]
for part, is_of in (("fit", lambda i: i % 5 != fold), ("test", lambda i: i % 5 == fold)):
    with open(f"{files}.{fold}.{part}.answers", "w") as out:
        mine = [a for i, a in enumerate(answers) if is_of(i)]
        for row, (before, after) in enumerate(mine):
            out.write(f'{before}"row":{row}{after[len(str(int(after.split(",")[0]))):]}')
EOF
        calibrate head "$1" --data "$files.$fold.fit.jsonl" --answers "$files.$fold.fit.answers" >&2
        system= gather "$1" "$files.$fold" jsonl
        pairs+=("$files.$fold.fit.answers" "$files.$fold.test.answers")
    done
    judge "$1" "${pairs[@]}"
}
intents intents intents-raw
intents intents-head intents-head
for task in arc_easy arc_easy-embedder piqa piqa-embedder; do choices "$task"; done
python3 - "$work" <<'EOF'
import json, sys

work = sys.argv[1]
names = ("intents", "intents-head", "arc_easy", "arc_easy-embedder", "piqa", "piqa-embedder")
figures = {name: json.load(open(f"{work}/{name}.result.json")) for name in names}
print(json.dumps({"benchmark": "calibration", "target": 0.92, **figures}))
EOF
