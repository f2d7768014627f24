"""vLLM: more ways to sample, thoughts as `reasoning`, embeddings and rerank, and errors in a shape of its own."""

from . import openai_shapes as shapes
from .scripted import Refusal, only, says, start


def error(status, message, headers=None):
    kind = {400: "BadRequestError", 500: "InternalServerError"}.get(status, "Error")
    return Refusal(status, {"object": "error", "message": message, "type": kind, "param": None, "code": status}, headers)


def unknown(field):
    return error(400, f"[{{'type': 'extra_forbidden', 'loc': ('body', '{field}')}}]")


def fail(text):
    if text == "fail length":
        raise error(400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.")
    if text.startswith("fail "):
        status = int(text.removeprefix("fail "))
        raise error(status, "It failed.", {"retry-after": "7"} if status == 429 else None)


def chat(headers, body):
    only(body, shapes.CHAT - {"max_completion_tokens"} | shapes.EXTENDED, unknown)
    fail(says(body["messages"]))
    return shapes.chat_stream(body, thought_name="reasoning", call_id="chatcmpl-tool-1")


def completions(headers, body):
    only(body, shapes.COMPLETION | shapes.EXTENDED, unknown)
    return shapes.completion_stream(body)


def rerank(headers, body):
    only(body, {"model", "query", "documents", "top_n", "max_tokens_per_doc"}, unknown)
    scores = [1 / (1 + i) for i in range(len(body["documents"]))]
    return {"id": "rerank-1", "model": body["model"], "usage": {"total_tokens": 9},
            "results": [{"index": i, "relevance_score": score} for i, score in enumerate(scores)]}


def serve():
    return start({
        "/v1/chat/completions": chat, "/v1/completions": completions, "/v1/rerank": rerank,
        "/v1/embeddings": lambda headers, body: shapes.embeddings(body)})
