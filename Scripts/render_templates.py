#!/usr/bin/env python3
"""Renders chat templates with Jinja2, set up as Hugging Face's transformers does, over a matrix of conversations.

    pip install jinja2
    Scripts/render_templates.py FOLDER [--some]

Writes FOLDER/expected.jsonl for the folder's *.jinja: the cases, each {"case", "variables"}; then for each template
{"template"} and a line for each case, {"case", "text"}, with "text" null where Jinja2 raises. A test compares them with
what our interpreter renders; see templates.sh for real templates. --some takes every conversation with fewer settings:

    Scripts/render_templates.py Tests/LapwingTextTests/Fixtures/templates --some
"""

import argparse
import copy
import datetime
import json
import pathlib

import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2024, 7, 5, 14, 3, 9)  # 1720188189 seconds since 1970


class Generation(jinja2.ext.Extension):
    """`{% generation %}`, which marks the assistant's text for training and renders what is in it."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body).set_lineno(line)


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = NOW.strftime
    return made


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **fields):
    return {"role": "assistant", "content": text, **fields}


def call(name, arguments, identifier="call00001"):
    return {"type": "function", "id": identifier, "function": {"name": name, "arguments": arguments}}


def answer(text, name="weather", identifier="call00001"):
    return {"role": "tool", "name": name, "tool_call_id": identifier, "content": text}


TOOLS = [
    {"type": "function", "function": {
        "name": "weather", "description": "The weather at a place — now.", "parameters": {
            "type": "object", "required": ["city"], "properties": {
                "city": {"type": "string", "description": "A \"city\" & its country"},
                "unit": {"type": "string", "enum": ["C", "F"]}, "days": {"type": "integer", "default": 3},
                "flags": {"type": "array", "items": {"type": "string"}}}}}},
    {"type": "function", "function": {
        "name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}},
]
PLACE = {"city": "Zürich", "days": 2, "exact": True, "unit": None, "near": ["a", {"b": 1}]}
CONVERSATIONS = {
    "question": [user("Hello")],
    "system": [system("Be brief."), user("  Hello <b>& 'all' \"of\" you\n")],
    "turns": [system(" Be brief.\n"), user("Hi"), assistant("Hello! "), user(" How are\nyou? "), assistant("Well."), user("é😀 \u00a0")],
    "no system": [user("Hi"), assistant("Hello!"), user("Again")],
    "empty": [system(""), user(""), assistant(""), user("")],
    "ends with answer": [user("Hi"), assistant("Hello")],
    "reversed": [assistant("Hello"), user("Hi")],
    "two questions": [user("a"), user("b")],
    "two answers": [user("a"), assistant("b"), assistant("c")],
    "system later": [user("a"), system("b"), user("c")],
    "developer": [{"role": "developer", "content": "Be brief."}, user("Hi")],
    "unknown role": [{"role": "narrator", "content": "Once"}, user("Hi")],
    "named": [{"role": "user", "name": "ann", "content": "Hi"}, assistant("Hello ann"), user("Bye")],
    "thinking": [user("2+2?"), assistant("<think>\nIt is four.\n</think>\n\n4"), user("Sure?"), assistant("<think>Yes</think>Yes", reasoning_content="Yes."), user("So?")],
    "reasoning": [user("2+2?"), assistant("4", reasoning_content="Two and two.\n"), user("Sure?")],
    "parts": [{"role": "user", "content": [{"type": "text", "text": "Hi "}, {"type": "text", "text": "there"}]}],
    "image": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is it?"}]}],
    "call": [user("Weather?"), assistant("", tool_calls=[call("weather", PLACE)]), answer('{"degrees": 21}'), assistant("21°"), user("Thanks")],
    "call by text": [user("Weather?"), assistant(None, tool_calls=[call("weather", json.dumps(PLACE))]), answer("21")],
    "two calls": [system("Use tools."), user("Weather?"), assistant("Let me see.", tool_calls=[call("weather", {"city": "A"}), call("now", {}, "call00002")]),
                  answer("1"), answer("2", "now", "call00002"), assistant("Done."), user("Next")],
    "call last": [user("Weather?"), assistant("", tool_calls=[call("weather", {"city": "A"})])],
    "answer unasked": [user("Weather?"), answer("21")],
    "nothing": [],
}
SETTINGS = {
    "": {},
    "tools": {"tools": TOOLS},
    "no prompt": {"add_generation_prompt": False},
    "dated": {"date_string": "26 Jul 2024", "tools": TOOLS, "tools_in_user_message": False},
    "thinking": {"enable_thinking": True, "thinking": True, "reasoning_effort": "high"},
    "not thinking": {"enable_thinking": False, "thinking": False, "add_generation_prompt": True},
    "documents": {"documents": [{"title": "T", "text": "Some text", "doc_id": 1}], "xml_tools": "[]"},
}
# Python prints these as objects, some with their address; no template means to.
OBJECTS = ["<generator", "object at 0x", "<built-in", "<bound", "dict_items", "dict_keys", "dict_values", "<Namespace", "<function"]


def cases(some):
    for index, (name, messages) in enumerate(CONVERSATIONS.items()):
        settings = list(SETTINGS.items())
        if some:
            settings = [settings[0], settings[1 + index % (len(settings) - 1)]]
        for setting, given in settings:
            yield f"{name}, {setting}".rstrip(", "), {
                "messages": messages, "tools": None, "documents": None, "add_generation_prompt": True, "bos_token": "<s>",
                "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", **given}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--some", action="store_true")
    options = arguments.parse_args()
    made = environment()
    matrix = dict(cases(options.some))
    names, rendered, refused = [], 0, 0
    with open(options.folder / "expected.jsonl", "w") as out:

        def write(**line):
            out.write(json.dumps(line, separators=(",", ":")) + "\n")

        for case, variables in matrix.items():
            write(case=case, variables=json.dumps(variables, ensure_ascii=False))
        for path in sorted(options.folder.glob("*.jinja")):
            try:
                template = made.from_string(path.read_text())
            except jinja2.TemplateError as error:
                print(f"{path.name}: Jinja2 cannot read it ({error})")
                continue
            names.append(path.stem)
            write(template=path.stem)
            for case, variables in matrix.items():
                try:
                    # A copy, because a template may change a list.
                    text = template.render(**copy.deepcopy(variables))
                except Exception as error:
                    # Of what Python prepares bit by bit it has no JSON; such a template was written for another engine.
                    if "Object of type generator" in str(error):
                        continue
                    text = None
                if text is not None and any(mark in text for mark in OBJECTS):
                    continue
                rendered += text is not None
                refused += text is None
                write(case=case, text=text)
    print(f"{len(names)} templates, {len(matrix)} cases each; Jinja2 renders {rendered} and refuses {refused}")


if __name__ == "__main__":
    main()
