#!/usr/bin/env bash
# What the confidence of labels is worth: Banking77 intents by the default model's scores and by a head on open embeddings,
# ARC-easy and PIQA by the default model's scores of the choices. Heads and calibrators are fitted to rows that are judged
# nowhere. Last line: one JSON object.
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
  piqa: { open: smollm2, labels: { head: piqa } }
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
    third = len(rows) // 3
    for name, part in (("head", rows[:third]), ("fit", rows[third:2 * third]), ("test", rows[2 * third:])):
        open(f"{work}/{task}.{name}.jsonl", "w").writelines(part)
EOF

calibrate() { "$bin/lapwing" calibrate "$@" --config "$work/lapwing.yaml"; }
# measure ROUTE EXTENSION HEAD-ROUTE: fits the head, then gathers what its calibrator is fitted to and judged on.
measure() {
    local files=$work/$1
    calibrate head "$3" --name "$1" --data "$files.head.$2" --system "$system" --answers "$files.head.answers" >&2
    for part in fit test; do
        # Written anew under the head that was just fitted; the scores themselves are read from the answers that are there.
        calibrate fit "$1" --data "$files.$part.$2" --system "$system" --answers "$files.$part.answers" \
            $([ "$part" = test ] && echo --dry-run) --target "$target" --json > "$files.$part.json"
    done
    "$bin/CalibrationBenchmark" "$files.fit.answers" "$files.test.answers" "$target" "$resplits" | tail -1 > "$files.result.json"
    echo "$1: $(cat "$files.result.json")" >&2
}
measure intents csv intents-raw
measure intents-head csv intents-head
measure arc_easy jsonl arc_easy
measure piqa jsonl piqa
python3 - "$work" <<'EOF'
import json, sys

work = sys.argv[1]
figures = {name: json.load(open(f"{work}/{name}.result.json")) for name in ("intents", "intents-head", "arc_easy", "piqa")}
print(json.dumps({"benchmark": "calibration", "target": 0.92, **figures}))
EOF
