"""Runs lm_eval (unmodified, offline) on ARC-easy against a running Lapwing and prints what it measured.

    python Scripts/clients/lm_eval_arc.py http://127.0.0.1:8080 smollm2 DATA/mcq/arc_easy.jsonl [LIMIT]

Needs the packages lm_eval[api] >= 0.4.12. The last line is one JSON object: acc, acc_norm and, for each question,
the log-probability of each choice in the order of the file.
"""

import json
import pathlib
import sys
import tempfile

import lm_eval_run

base, model, data = sys.argv[1].rstrip("/"), sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
limit = sys.argv[4] if len(sys.argv) > 4 else None
TASK = """task: lapwing_arc_easy
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
output_type: multiple_choice
test_split: test
doc_to_text: "{{{{query}}}}\\nAnswer:"
doc_to_target: gold
doc_to_choice: choices
metric_list:
  - {{metric: acc}}
  - {{metric: acc_norm}}
"""

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    (folder / "arc.yaml").write_text(TASK.format(data=data))
    found = lm_eval_run.run(base, model, ["lapwing_arc_easy"], folder, limit, ["--log_samples"])
    results = found["results"]["lapwing_arc_easy"]
    samples = next((folder / "out").rglob("samples_*.jsonl"))
    rows = sorted((json.loads(line) for line in samples.read_text().splitlines()), key=lambda row: row["doc_id"])
    choices = [[float(response[0][0]) for response in row["resps"]] for row in rows]
    print(json.dumps({
        "acc": results["acc,none"], "acc_norm": results["acc_norm,none"], "questions": len(rows), "choices": choices}))
