"""Tries the whole API of a running Lapwing by its own OpenAPI document, with the schemathesis package.

    CLIENT_KEY=… ADMIN_KEY=… python Scripts/clients/schemathesis_run.py http://127.0.0.1:8080 MODEL ... [--seconds 40]

The models are the names that requests use. Administration is tried with the administrator's key, the rest with the client's.
Ends with `schemathesis: N operations, nothing found`, or with status 1 and what was found.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,allow_header_conformance"
)


def narrowed(document, models):
    """The document with names that there are, and answers short enough for many of them."""
    schemas = document["components"]["schemas"]
    schemas["Name"]["enum"] = [*models, "nobody"]
    schemas["KeyDraft"]["properties"]["routes"]["items"]["enum"] = models
    for member in ("max_tokens", "n"):
        schemas["Sampling"]["properties"][member]["maximum"] = 4
    for name in ("ChatRequest", "CompletionRequest"):
        schemas[name]["required"].append("max_tokens")
    schemas["ChatRequest"]["properties"]["max_completion_tokens"]["maximum"] = 4
    return document


def run(url, document, key, seconds, pattern):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "openapi.json")
        path.write_text(json.dumps(document))
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", str(path), "--url", url, "--checks", CHECKS,
            "--header", f"Authorization:Bearer {key}", "--max-time", str(seconds), "--generation-database", "none",
            "--request-timeout", "30", "--suppress-health-check", "all", "--warnings", "off", "--no-color",
            "--phases", "examples,coverage,fuzzing", *pattern,
        ]
        ended = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        print(ended.stdout)
        sys.exit(1)


parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("models", nargs="+")
parser.add_argument("--seconds", type=int, default=40)
options = parser.parse_args()
with urllib.request.urlopen(f"{options.url}/openapi.json") as answer:
    document = narrowed(json.load(answer), options.models)
administration = ["--include-path-regex", "^/admin/"]
run(options.url, document, os.environ["ADMIN_KEY"], options.seconds // 4, administration)
run(options.url, document, os.environ["CLIENT_KEY"], options.seconds - options.seconds // 4,
    ["--exclude-path-regex", "^/admin/"])
count = sum(len(operations) for operations in document["paths"].values())
print(f"schemathesis: {count} operations, nothing found")
