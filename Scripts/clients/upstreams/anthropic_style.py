"""Anthropic's Messages API, streamed and whole, as strict as it is about fields, turns and headers."""

import json

from .scripted import Cut, Refusal, only, says, start

KEY = "sk-ant-scripted"
FIELDS = {
    "model", "messages", "max_tokens", "system", "stream", "temperature", "top_p", "top_k", "stop_sequences", "tools",
    "tool_choice", "output_config", "metadata", "thinking",
}
BLOCKS = {
    "text": {"type", "text"}, "image": {"type", "source"}, "tool_use": {"type", "id", "name", "input"},
    "tool_result": {"type", "tool_use_id", "content", "is_error"},
}
USAGE = {"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2, "output_tokens": 1}


def error(status, kind, message, headers=None):
    return Refusal(status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}, headers)


def invalid(message):
    return error(400, "invalid_request_error", message)


def check(headers, body):
    # The first is what the API documents, the second what newer packages send.
    if KEY not in (headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ")):
        raise error(401, "authentication_error", "invalid x-api-key")
    version = headers.get("anthropic-version")
    if version not in ("2023-06-01", "2026-10-21"):
        raise invalid("anthropic-version: header is required")
    sampling = {"temperature", "top_p", "top_k"} if version == "2026-10-21" else set()
    only(body, FIELDS - sampling, lambda field: invalid(f"{field}: Extra inputs are not permitted"))
    if not isinstance(body.get("max_tokens"), int):
        raise invalid("max_tokens: Field required")
    if not 0 <= body.get("temperature", 1) <= 1:
        raise invalid("temperature: range: 0..1")
    for message in body["messages"]:
        if message["role"] not in ("user", "assistant"):
            raise invalid('messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter')
        for block in blocks(message):
            only(block, BLOCKS[block["type"]], lambda field: invalid(f"content.{field}: Extra inputs are not permitted"))
            if block.get("text") == "":
                raise invalid("messages: text content blocks must be non-empty")
    for tool in body.get("tools", []):
        only(tool, {"name", "description", "input_schema", "strict"}, lambda field: invalid(f"tools.{field}: no"))
        if tool["input_schema"].get("type") != "object":
            raise invalid("tools.0.input_schema.type: Field required")
    check_results(body["messages"])


def check_results(messages):
    """Each call is followed by its result, which opens the user's next turn."""
    for before, after in zip(messages, messages[1:] + [{"content": []}]):
        called = [b["id"] for b in blocks(before) if b["type"] == "tool_use"]
        given = [b["tool_use_id"] for b in blocks(after)[: len(called)] if b["type"] == "tool_result"]
        if called != given:
            raise invalid("messages: `tool_use` ids were found without `tool_result` blocks immediately after")


def blocks(message):
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def fail(text):
    if text == "fail 400":
        raise invalid("messages: at least one message is required")
    if text == "fail length":
        raise invalid("prompt is too long: 210000 tokens > 200000 maximum")
    if text == "fail 401":
        raise error(401, "authentication_error", "invalid x-api-key")
    if text == "fail 429":
        raise error(429, "rate_limit_error", "This request would exceed your rate limit.", {"retry-after": "7"})
    if text == "fail 500":
        raise error(500, "api_error", "Internal server error")


def answer(body):
    """The blocks of the answer, each with its pieces, and why it ends."""
    last = blocks(body["messages"][-1])
    choice = body.get("tool_choice", {}).get("type")
    if any(block["type"] == "tool_result" for block in last):
        return [("text", ["It is ", "21."])], "end_turn"
    if body.get("tools") and choice != "none":
        return [("tool_use", ['{"city": ', '"Bern"}'])], "tool_use"
    if any(block["type"] == "image" for block in last):
        return [("text", ["A red ", "square."])], "end_turn"
    if body.get("output_config"):
        return [("text", ['{"city": ', '"Bern"}'])], "end_turn"
    if says(body["messages"]) == "think":
        return [("thinking", ["Two and ", "two."]), ("text", ["Fo", "ur."])], "end_turn"
    if says(body["messages"]) == "cut":
        return [("text", ["Hello, ", None])], "end_turn"
    return [("text", ["Hello, ", "world"])], "end_turn"


def block(kind, pieces):
    whole = "".join(pieces)
    if kind == "text":
        return {"type": "text", "text": whole}
    if kind == "thinking":
        return {"type": "thinking", "thinking": whole, "signature": "c2ln"}
    return {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": json.loads(whole) if whole else {}}


def message(body, content, reason, usage):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content,
            "stop_reason": reason, "stop_sequence": None, "usage": usage}


def messages(headers, body):
    check(headers, body)
    fail(says(body["messages"]))
    said, reason = answer(body)
    if not body.get("stream"):
        return message(body, [block(*part) for part in said], reason, USAGE | {"output_tokens": 4})
    return stream(body, said, reason)


def stream(body, said, reason):
    yield event({"type": "message_start", "message": message(body, [], None, USAGE)})
    yield event({"type": "ping"})
    for index, (kind, pieces) in enumerate(said):
        yield event({"type": "content_block_start", "index": index, "content_block": block(kind, [])})
        for piece in pieces:
            if piece is None:
                raise Cut
            delta = {"text": {"type": "text_delta", "text": piece},
                     "thinking": {"type": "thinking_delta", "thinking": piece},
                     "tool_use": {"type": "input_json_delta", "partial_json": piece}}[kind]
            yield event({"type": "content_block_delta", "index": index, "delta": delta})
        yield event({"type": "content_block_stop", "index": index})
    yield event({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None},
                 "usage": {"output_tokens": 4}})
    yield event({"type": "message_stop"})


def event(value):
    return f"event: {value['type']}\ndata: {json.dumps(value)}"


def serve():
    return start({"/v1/messages": messages})
