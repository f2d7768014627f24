"""Asks every kind of upstream for everything that a client may ask, through a real Lapwing, and writes what comes of it.

    python Scripts/clients/providers.py .build/release/lapwing [--write]

Each pair of a surface and a provider works or is refused by name; anything else ends it with status 1, and so does a table in
Docs/Providers.md that says otherwise, which `--write` writes anew. With models/SmolLM2-135M-Instruct.Q4_1.gguf there, or
LAPWING_MODEL, llama.cpp's own server and the local engine are asked too.
"""

import pathlib
import re
import sys

import openai

from anthropic_client import run as prove_anthropic
from checks import check, finish
from lapwing_process import Lapwing
from llama_process import LlamaServer
from local_model import path as model_path
from surfaces import ALL, Surfaces
from upstreams import anthropic_style, azure_style, llama_server_style, openai_style, vllm_style

DOCUMENT = pathlib.Path(__file__).parents[2] / "Docs" / "Providers.md"
MARKS = ("<!-- made by Scripts/clients/providers.py -->\n", "<!-- end -->\n")


def configuration(urls, llama, weights):
    price = "price: { input: 1, output: 2 }, retries: { attempts: 1 }"
    breaker = "breaker: { failures: 20 }"
    lines = [
        f'openai: {{ provider: openai, endpoints: ["{urls["openai"]}/v1"], key: {openai_style.KEY}, {price}, {breaker} }}',
        f'azure: {{ provider: azure, endpoints: ["{urls["azure"]}"], upstream: {azure_style.DEPLOYMENT}, '
        f'api_version: {azure_style.VERSION}, key: {azure_style.KEY}, {price}, {breaker} }}',
        f'anthropic: {{ provider: anthropic, endpoints: ["{urls["anthropic"]}/v1"], key: {anthropic_style.KEY}, '
        f'{price}, {breaker} }}',
        f'vllm: {{ provider: openai-compatible, endpoints: ["{urls["vllm"]}/v1"], {price}, {breaker} }}',
        f'llama-server: {{ provider: openai-compatible, endpoints: ["{urls["llama-server"]}/v1"], {price}, {breaker} }}',
    ]
    if llama:
        lines += [
            f'llama.cpp: {{ provider: openai-compatible, endpoints: ["{llama}/v1"], {price} }}',
            f'here: {{ weights: "{weights}", context: 2048, pooling: mean }}',
        ]
    return "models:\n" + "".join(f"  {line}\n" for line in lines)


def verdict(surface, surfaces):
    """`yes`, or by what field and whom it was refused."""
    try:
        surface(surfaces)
    except openai.BadRequestError as error:
        body = error.body or {}
        if body.get("param"):
            return f"no: `{body['param']}`"
        return f"no: refused there ({body['message'].split(': ', 1)[-1].rstrip('.')})"
    except openai.InternalServerError as error:
        # llama.cpp says so of what its model cannot do.
        if surfaces.exact or not re.search("(is|does) not support", error.body["message"]):
            raise
        return "no: refused there"
    return "yes"


def table(client, names):
    rows = []
    for title, surface in ALL:
        row = [title]
        for name in names:
            exact = name not in ("llama.cpp", "here")
            # What a real server cannot be told to do, and what this model does not.
            if not exact and surface in (Surfaces.errors, Surfaces.thoughts):
                row.append("–")
                continue
            try:
                row.append(verdict(surface, Surfaces(client, name, exact)))
            except Exception as error:
                sys.exit(f"FAILED {title} of {name}: {type(error).__name__}: {error}")
            check(f"{title} of {name}: {row[-1]}", True)
        rows.append(row)
    lines = [["", *names], ["---"] * (len(names) + 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def compare(made, write):
    text = DOCUMENT.read_text()
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    whole = before + MARKS[0] + made + MARKS[1] + after
    if write:
        DOCUMENT.write_text(whole)
    check("Docs/Providers.md says the same", whole == DOCUMENT.read_text(), f"expected there:\n{made}")


def main(binary, write):
    styles = {"openai": openai_style, "azure": azure_style, "anthropic": anthropic_style, "vllm": vllm_style,
              "llama-server": llama_server_style}
    urls = {name: style.serve()[0] for name, style in styles.items()}
    prove_anthropic(urls["anthropic"])
    weights = model_path()
    llama = LlamaServer(weights) if weights else None
    lapwing = Lapwing(binary, configuration(urls, llama and llama.url, weights))
    client = openai.OpenAI(base_url=f"{lapwing.url}/v1", api_key="none", max_retries=0, timeout=60)
    made = table(client, [*styles, *(["llama.cpp", "here"] if llama else [])])
    check("it stops in order", lapwing.stop() == 0)
    verified = lapwing.run("ledger", "verify")
    check("the ledger is whole", verified.returncode == 0, verified.stdout + verified.stderr)
    if llama:
        llama.stop()
        compare(made, write)
    finish()


main(sys.argv[1], "--write" in sys.argv[2:])
