"""Streams of the OpenAI API, which vLLM and llama-server write alike."""

import json
import math

from .scripted import Cut, has_image, says

SAMPLING = {
    "model", "temperature", "top_p", "n", "stop", "stream", "stream_options", "presence_penalty", "frequency_penalty",
    "logit_bias", "seed",
}
CHAT = SAMPLING | {
    "messages", "max_completion_tokens", "logprobs", "top_logprobs", "tools", "tool_choice", "parallel_tool_calls",
    "response_format", "reasoning_effort",
}
COMPLETION = SAMPLING | {"prompt", "max_tokens", "logprobs"}
EXTENDED = {"max_tokens", "top_k", "min_p", "repetition_penalty", "ignore_eos", "continue_final_message",
            "add_generation_prompt"}
USAGE = {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}
CALL = {"name": "weather", "arguments": ['{"city": ', '"Bern"}']}


def answer(body):
    """What is said: pieces of text, and whether a tool is called or something is thought first."""
    messages = body["messages"]
    wants_call = body.get("tools") and body.get("tool_choice") != "none" and messages[-1]["role"] != "tool"
    if wants_call:
        return {"call": CALL}
    if messages[-1]["role"] == "tool":
        assert messages[-2]["tool_calls"][0]["id"] == messages[-1]["tool_call_id"], messages
        return {"text": ["It is ", "21."]}
    if has_image(messages, "image_url"):
        return {"text": ["A red ", "square."]}
    if body.get("response_format"):
        return {"text": ['{"city": ', '"Bern"}']}
    if says(messages) == "think":
        return {"thought": ["Two and ", "two."], "text": ["Fo", "ur."]}
    if says(messages) == "cut":
        return {"text": ["Hello, ", None]}
    return {"text": ["Hello, ", "world"]}


def chat_stream(body, thought_name="reasoning_content", call_id="call_1"):
    said = answer(body)
    choices = range(body.get("n") or 1)

    def chunk(index, delta, finish=None, logprobs=None):
        return line({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"],
            "choices": [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}]})

    for index in choices:
        yield chunk(index, {"role": "assistant", "content": ""})
        for piece in said.get("thought", []):
            yield chunk(index, {thought_name: piece})
        if "call" in said:
            first = {"index": 0, "id": call_id, "type": "function",
                     "function": {"name": said["call"]["name"], "arguments": ""}}
            yield chunk(index, {"tool_calls": [first]})
            for piece in said["call"]["arguments"]:
                yield chunk(index, {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        for piece in said.get("text", []):
            if piece is None:
                raise Cut
            yield chunk(index, {"content": piece}, logprobs=chat_logprobs(piece, body))
        yield chunk(index, {}, finish="tool_calls" if "call" in said else "stop")
    yield from ending(body, "chat.completion.chunk")


def completion_stream(body):
    prompts = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
    if isinstance(prompts[0], int):
        prompts = [prompts]
    for index in range(len(prompts) * (body.get("n") or 1)):
        for number, piece in enumerate(["Hello, ", "world"]):
            logprobs = None
            if body.get("logprobs") is not None:
                logprobs = {"tokens": [piece], "token_logprobs": [-0.5], "top_logprobs": [{piece: -0.5, "x": -2.0}],
                            "text_offset": [0]}
            yield line({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": body["model"],
                        "choices": [{"index": index, "text": piece, "logprobs": logprobs,
                                     "finish_reason": "stop" if number else None}]})
    yield from ending(body, "text_completion")


def ending(body, kind):
    if (body.get("stream_options") or {}).get("include_usage"):
        yield line({"id": "1", "object": kind, "created": 1, "model": body["model"], "choices": [], "usage": USAGE})
    yield "data: [DONE]"


def chat_logprobs(piece, body):
    if not body.get("logprobs"):
        return None
    def token(text, logprob):
        return {"token": text, "logprob": logprob, "bytes": list(text.encode())}
    top = [token(piece, -0.5), token("x", -2.0)][: body.get("top_logprobs") or 0]
    return {"content": [token(piece, -0.5) | {"top_logprobs": top}]}


def embeddings(body):
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    count = body.get("dimensions") or 4
    vector = [1 / math.sqrt(count)] * count
    return {"object": "list", "model": body["model"],
            "data": [{"object": "embedding", "index": i, "embedding": vector} for i in range(len(inputs))],
            "usage": {"prompt_tokens": 5, "total_tokens": 5}}


def line(value):
    return "data: " + json.dumps(value)
