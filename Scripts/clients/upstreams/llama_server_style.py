"""llama-server: as vLLM in what it takes, with errors that carry a number, and its timings beside the usage."""

import json

from . import openai_shapes as shapes
from .scripted import Refusal, says, start
from .vllm_style import rerank


def error(status, message, kind, headers=None):
    return Refusal(status, {"error": {"code": status, "message": message, "type": kind}}, headers)


def fail(text):
    if text == "fail length":
        raise error(400, "the request exceeds the available context size, try increasing it",
                    "exceed_context_size_error")
    kinds = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit", 500: "server_error"}
    if text.startswith("fail "):
        status = int(text.removeprefix("fail "))
        raise error(status, "It failed.", kinds[status], {"retry-after": "7"} if status == 429 else None)


def chat(headers, body):
    fail(says(body["messages"]))
    if body.get("logprobs") and body.get("tools") and body.get("stream"):
        raise error(400, "logprobs is not supported with tools + stream", "invalid_request_error")
    return with_timings(shapes.chat_stream(body, call_id="Xb3"))


def with_timings(lines):
    for line in lines:
        if '"usage"' in line:
            value = json.loads(line.removeprefix("data: "))
            line = shapes.line(value | {"timings": {"prompt_n": 11, "predicted_n": 2}, "system_fingerprint": "b1"})
        yield line


def serve():
    return start({
        "/v1/chat/completions": chat, "/v1/rerank": rerank,
        "/v1/completions": lambda headers, body: with_timings(shapes.completion_stream(body)),
        "/v1/embeddings": lambda headers, body: shapes.embeddings(body)})
