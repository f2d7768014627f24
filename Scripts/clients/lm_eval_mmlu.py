"""Starts a Lapwing and runs lm_eval (unmodified, offline) on subjects of MMLU, 5-shot, against it.

    python Scripts/clients/lm_eval_mmlu.py LAPWING MODEL.gguf MMLU.zip [SUBJECT ...] [--limit QUESTIONS]

Needs the packages lm_eval[api] >= 0.4.12. The prompt is that of the benchmark's authors
(https://github.com/hendrycks/test): the subject, its five examples, the question, four choices and "Answer:"; the
choice whose letter is likeliest is the answer. The last line is one JSON object: the accuracy of each subject and of
all questions, the prompt tokens that the server was sent, and those that it computed, both from its ledger.
"""

import argparse
import csv
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import lm_eval_run

SUBJECTS = ["abstract_algebra", "astronomy", "global_facts", "marketing"]
TASK = """task: lapwing_mmlu_{subject}
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
output_type: multiple_choice
test_split: test
doc_to_text: "{{{{query}}}}"
doc_to_target: gold
doc_to_choice: ["A", "B", "C", "D"]
metric_list:
  - {{metric: acc}}
"""
CONFIGURATION = """server: {{ host: 127.0.0.1, port: 8080 }}
data: ./data
machine: {{ usd_per_hour: 0.10 }}
models:
  smollm2: {{ weights: "{weights}", context: 8192 }}
"""


def rows(archive, split, subject):
    with archive.open(f"data/{split}/{subject}_{split}.csv") as file:
        return list(csv.reader(io.TextIOWrapper(file, encoding="utf-8")))


def shown(row, answer):
    choices = "".join(f"\n{letter}. {text}" for letter, text in zip("ABCD", row[1:5]))
    return f"{row[0]}{choices}\nAnswer:" + (f" {row[5]}\n\n" if answer else "")


def questions(archive, subject):
    """The authors' prompts with the index of the right letter."""
    head = f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"
    head += "".join(shown(row, answer=True) for row in rows(archive, "dev", subject)[:5])
    return [{"query": head + shown(row, answer=False), "gold": "ABCD".index(row[5])}
            for row in rows(archive, "test", subject)]


def evaluate(base, folder, subjects, limit):
    found = lm_eval_run.run(base, "smollm2", [f"lapwing_mmlu_{subject}" for subject in subjects], folder, limit)
    return ({subject: found["results"][f"lapwing_mmlu_{subject}"]["acc,none"] for subject in subjects},
            {subject: found["n-samples"][f"lapwing_mmlu_{subject}"]["effective"] for subject in subjects})


def tokens(lapwing, configuration):
    """Prompt tokens of all calls in the ledger, and those of them that came from the cache."""
    export = subprocess.run([lapwing, "ledger", "export", "--config", str(configuration)], check=True, text=True,
                            capture_output=True)
    calls = [call for line in export.stdout.splitlines() for call in json.loads(line)["calls"]]
    return sum(call["prompt_tokens"] for call in calls), sum(call["cached_tokens"] for call in calls)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lapwing", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("subjects", nargs="*", default=SUBJECTS)
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    lapwing = arguments.lapwing.resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with zipfile.ZipFile(arguments.archive) as archive:
            for subject in arguments.subjects:
                data = folder / f"{subject}.jsonl"
                data.write_text("".join(json.dumps(question) + "\n" for question in questions(archive, subject)))
                (folder / f"{subject}.yaml").write_text(TASK.format(subject=subject, data=data))
        configuration = folder / "lapwing.yaml"
        configuration.write_text(CONFIGURATION.format(weights=arguments.weights.resolve()))
        log = folder / "server.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                [lapwing, "serve", "--port", "0", "--config", configuration], stdout=subprocess.PIPE, stderr=output, text=True)
        try:
            base = next((match[0] for line in server.stdout if (match := re.search(r"http://[0-9.]+:[1-9][0-9]*", line))),
                        None)
            if base is None:
                sys.exit(f"the server did not start:\n{log.read_text()}")
            accuracies, counts = evaluate(base, folder, arguments.subjects, arguments.limit)
        finally:
            server.terminate()
            server.wait()
        sent, cached = tokens(lapwing, configuration)
    total = sum(counts.values())
    print(json.dumps({
        "acc": round(sum(accuracies[subject] * counts[subject] for subject in counts) / total, 4), "questions": total,
        "subjects": {subject: round(value, 4) for subject, value in accuracies.items()}, "prompt_tokens": sent,
        "computed_prompt_tokens": sent - cached, "computed_share": round((sent - cached) / max(sent, 1), 4)}))


if __name__ == "__main__":
    main()
