"""Runs lm_eval (unmodified, offline) on tasks against a running Lapwing; for the scripts beside this one."""

import json
import os
import subprocess
import sys


def run(base, model, tasks, folder, limit=None, options=()):
    """The results file of the tasks whose YAML files lie in `folder`; what lm_eval writes goes into its `out`."""
    command = [
        sys.executable, "-m", "lm_eval", "run", "--model", "local-completions", "--tasks", ",".join(tasks),
        "--include_path", str(folder), "--batch_size", "4", "--output_path", str(folder / "out"),
        "--model_args", f"model={model},base_url={base}/v1/completions,max_length=8192,num_concurrent=2", *options]
    if limit:
        command += ["--limit", str(limit)]
    # The key of whoever runs this is for somebody else.
    environment = {
        "OPENAI_API_KEY": "", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder),
        "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, env=os.environ | environment, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"lm_eval ended with status {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    print(done.stdout)
    return json.loads(next((folder / "out").rglob("results_*.json")).read_text())
