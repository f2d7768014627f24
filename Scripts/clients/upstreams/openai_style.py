"""OpenAI's own API: it refuses what it does not know, and the old name of the token limit; embeddings, and no rerank."""

from . import openai_shapes as shapes
from .scripted import Refusal, only, says, start

KEY = "sk-openai"


def error(status, message, kind="invalid_request_error", code=None, param=None, headers=None):
    return Refusal(status, {"error": {"message": message, "type": kind, "param": param, "code": code}}, headers)


def unknown(field):
    return error(400, f"Unrecognized request argument supplied: {field}", param=field)


def enter(headers, key_header="authorization", key=f"Bearer {KEY}"):
    if headers.get(key_header) != key:
        raise error(401, "Incorrect API key provided.", code="invalid_api_key")


def fail(text):
    """The ways in which a request fails that asks for one."""
    if text == "fail 400":
        raise error(400, "Invalid value: 'x'.", code="invalid_value")
    if text == "fail length":
        raise error(400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded")
    if text == "fail 401":
        raise error(401, "Incorrect API key provided.", code="invalid_api_key")
    if text == "fail 429":
        raise error(429, "Rate limit reached.", kind="requests", code="rate_limit_exceeded", headers={"retry-after": "7"})
    if text == "fail 500":
        raise error(500, "The server had an error.", kind="server_error")


def chat(headers, body, enter=enter):
    enter(headers)
    only(body, shapes.CHAT, unknown)
    fail(says(body["messages"]))
    return shapes.chat_stream(body)


def completions(headers, body, enter=enter):
    enter(headers)
    only(body, shapes.COMPLETION, unknown)
    return shapes.completion_stream(body)


def embeddings(headers, body, enter=enter):
    enter(headers)
    only(body, {"model", "input", "dimensions", "encoding_format"}, unknown)
    return shapes.embeddings(body)


def serve():
    return start({"/v1/chat/completions": chat, "/v1/completions": completions, "/v1/embeddings": embeddings})
