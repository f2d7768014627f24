"""Runs lm_eval (unmodified, offline) against a server and `lapwing eval` directly, and compares them question by question.

    python Scripts/clients/lm_eval_agreement.py LAPWING MODEL.gguf DATA [--limit N] [--mmlu N] [--tasks a,b]

DATA is the folder of public data sets. --limit is for each task (all questions without it), --mmlu for each of MMLU's 57
subjects (0 leaves it out). Needs the packages lm_eval[api] >= 0.4.12. The last line is one JSON object: for each task the
number of questions, of right answers by both, of questions with another choice, and the widest difference of a
log-probability. Status 1 where a choice or a number differs, or a log-probability by more than 1e-6.
"""

import argparse
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

import lm_eval_run
from lapwing_process import Lapwing

MCQ = {
    "arc_easy": ("arc_easy.jsonl", "{{query}}\\nAnswer:"),
    "arc_challenge": ("arc_challenge.jsonl", "{{query}}\\nAnswer:"),
    "piqa": ("piqa.jsonl", "{{query}}Answer:"),
    "openbookqa": ("openbook_qa.jsonl", "{{query}}"),
}
MCQ_TASK = """task: lapwing_{name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
output_type: multiple_choice
test_split: test
doc_to_text: "{prompt}"
doc_to_target: gold
doc_to_choice: choices
metric_list:
  - {{metric: acc}}
  - {{metric: acc_norm}}
"""
# As lm_eval's own mmlu, with local files in place of the hub's.
MMLU_TASK = """task: lapwing_mmlu_{name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{test}", dev: "{dev}"}}}}
output_type: multiple_choice
test_split: test
fewshot_split: dev
num_fewshot: 5
fewshot_config: {{sampler: first_n}}
description: "The following are multiple choice questions (with answers) about {subject}.\\n\\n"
doc_to_text: "{{{{question.strip()}}}}\\nA. {{{{choices[0]}}}}\\nB. {{{{choices[1]}}}}\\nC. {{{{choices[2]}}}}\\nD. {{{{choices[3]}}}}\\nAnswer:"
doc_to_target: answer
doc_to_choice: ["A", "B", "C", "D"]
metric_list:
  - {{metric: acc}}
"""
CONFIGURATION = """server: {{ host: 127.0.0.1, port: 8080 }}
data: ./data
models:
  smollm2: {{ weights: "{weights}", context: 8192 }}
"""


def mmlu_tasks(archive, folder):
    """Writes a task a subject; gives the subjects in alphabetical order, as `lapwing eval` reads them."""
    with zipfile.ZipFile(archive) as files:
        names = sorted(name[len("data/test/"):-len("_test.csv")] for name in files.namelist()
                       if name.startswith("data/test/") and name.endswith("_test.csv"))
        for name in names:
            paths = {}
            for split in ("dev", "test"):
                with files.open(f"data/{split}/{name}_{split}.csv") as file:
                    rows = list(csv.reader(io.TextIOWrapper(file, encoding="utf-8")))
                paths[split] = folder / f"{name}_{split}.jsonl"
                paths[split].write_text("".join(
                    json.dumps({"question": row[0], "choices": row[1:5], "answer": "ABCD".index(row[5])}) + "\n" for row in rows))
            (folder / f"mmlu_{name}.yaml").write_text(
                MMLU_TASK.format(name=name, subject=name.replace("_", " "), **paths))
    return names


def harness(base, tasks, folder, limit):
    """Each task's samples in the order of its questions: (choices' log-probabilities, acc, acc_norm)."""
    lm_eval_run.run(base, "smollm2", [f"lapwing_{task}" for task in tasks], folder, limit, ["--log_samples"])
    found = {}
    for task in tasks:
        file = max((folder / "out").rglob(f"samples_lapwing_{task}_*.jsonl"))
        rows = sorted((json.loads(line) for line in file.read_text().splitlines()), key=lambda row: row["doc_id"])
        found[task] = [
            ([float(response[0][0]) for response in row["resps"]], row["acc"], row.get("acc_norm")) for row in rows]
    return found


def own(lapwing, weights, data, runs, tasks, limit):
    command = [lapwing, "eval", "--tasks", ",".join(tasks), "--model", weights, "--data", data, "--runs", runs, "--json"]
    done = subprocess.run(
        [str(part) for part in command] + (["--limit", str(limit)] if limit else []), capture_output=True, text=True,
        cwd=runs.parent)
    if done.returncode != 0:
        sys.exit(f"lapwing eval ended with status {done.returncode}: {done.stderr[-2000:]}")
    found = {}
    for run in json.loads(done.stdout)["runs"]:
        lines = (runs / run["id"] / "samples.jsonl").read_text().splitlines()
        samples = sorted((json.loads(line) for line in lines), key=lambda sample: sample["id"])
        found[run["task"]] = (run, samples)
    return found


def first_largest(values):
    return values.index(max(values))


def compare(task, theirs, run, ours):
    if len(theirs) != len(ours):
        sys.exit(f"{task}: lm_eval has {len(theirs)} questions, lapwing eval {len(ours)}")
    other = [ours[index]["id"] for index, (values, _, _) in enumerate(theirs)
             if first_largest(values) != ours[index]["chosen"]]
    widest = max(abs(a - b) for (values, _, _), sample in zip(theirs, ours)
                 for a, b in zip(values, sample["log_likelihoods"]))
    result = {"questions": len(ours), "other_choices": len(other), "widest_difference": widest}
    for metric, place in (("acc", 1), ("acc_norm", 2)):
        if metric not in ours[0]["scores"]:
            continue
        summary = next(one for one in run["metrics"] if one["metric"] == metric)
        result[metric] = {
            "lm_eval_right": int(sum(row[place] for row in theirs)),
            "lapwing_right": int(sum(sample["scores"][metric] for sample in ours)),
            "other_scores": sum(row[place] != sample["scores"][metric] for row, sample in zip(theirs, ours)),
            "value": round(summary["value"], 4), "stderr": round(summary.get("stderr") or 0, 4)}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lapwing", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--mmlu", type=int, default=9)
    parser.add_argument("--tasks", default=",".join(MCQ))
    arguments = parser.parse_args()
    lapwing, weights, data = (path.resolve() for path in (arguments.lapwing, arguments.weights, arguments.data))
    tasks = [task for task in arguments.tasks.split(",") if task]
    seconds = {}
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for task in tasks:
            file, prompt = MCQ[task]
            (folder / f"{task}.yaml").write_text(
                MCQ_TASK.format(name=task, data=data / "mcq" / file, prompt=prompt))
        subjects = mmlu_tasks(data / "mmlu/mmlu.zip", folder) if arguments.mmlu else []
        server = Lapwing(str(lapwing), CONFIGURATION.format(weights=weights))
        try:
            theirs = {}
            start = time.monotonic()
            if tasks:
                theirs |= harness(server.url, tasks, folder, arguments.limit)
            seconds["lm_eval"] = time.monotonic() - start
            start = time.monotonic()
            if subjects:
                found = harness(server.url, [f"mmlu_{subject}" for subject in subjects], folder, arguments.mmlu)
                theirs["mmlu"] = [row for subject in subjects for row in found[f"mmlu_{subject}"]]
            seconds["lm_eval mmlu"] = time.monotonic() - start
        finally:
            server.stop()
        runs = folder / "runs"
        runs.mkdir()
        for names, limit, label in (
                (tasks, arguments.limit, "lapwing eval"), (["mmlu"] if subjects else [], arguments.mmlu, "lapwing eval mmlu")):
            if not names:
                continue
            start = time.monotonic()
            for task, (run, samples) in own(lapwing, weights, data, runs, names, limit).items():
                results[task] = compare(task, theirs[task], run, samples)
            seconds[label] = time.monotonic() - start
    agree = True
    for task, result in results.items():
        # A prompt that differs by a space shows in the log-probabilities long before it turns a choice.
        same = result["other_choices"] == 0 and result["widest_difference"] < 1e-6
        parts = []
        for metric in ("acc", "acc_norm"):
            if metric in result:
                figures = result[metric]
                same = same and figures["other_scores"] == 0
                parts.append(f"{metric} {figures['lm_eval_right']} and {figures['lapwing_right']} right "
                             f"({figures['value']} ± {figures['stderr']})")
        agree = agree and same
        print(f"{task}: {result['questions']} questions, {'; '.join(parts)}; {result['other_choices']} other choices; "
              f"log-probabilities within {result['widest_difference']:.1e}: {'agree' if same else 'DIFFER'}")
    print(json.dumps({
        "agree": agree, "tasks": results, "seconds": {name: round(value, 1) for name, value in seconds.items()}}))
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
