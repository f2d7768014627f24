"""Clients of all manners: patient, slow, and gone; each tells what it saw of its answer. For run.py."""

import asyncio
import json

from upstream import words

REFUSED = "refused"      # nothing was done for it: a budget, or the program is ending
FAILED = "failed"        # an error, before or within a stream
WHOLE = "whole"
GONE = "gone"            # the client went away itself
BROKEN = "broken"        # the connection ended in the middle
NOBODY = "nobody"        # no answer at all: the program is not there


class Wrong(Exception):
    """The gateway said something that it must never say."""


async def ask(port, key, number, dice):
    """One request; returns its outcome and its id, as far as that became known."""
    count, stream = dice.randint(1, 24), dice.random() < 0.6
    model = dice.choice(["plain", "held", "continued", "upstream"])
    manner = dice.choices(["patient", "slow", "gone", "gone at once"], [80, 5, 10, 5])[0]
    body = json.dumps({"model": model, "stream": stream, "max_tokens": 32,
                       "messages": [{"role": "user", "content": f"{number} {count}"}]}).encode()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return NOBODY, None
    request_id = None
    try:
        writer.write(f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
                     f"authorization: Bearer {key}\r\ncontent-type: application/json\r\n"
                     f"content-length: {len(body)}\r\n\r\n".encode() + body)
        if manner == "gone at once":
            await asyncio.sleep(dice.uniform(0, 0.02))
            return GONE, None
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        status = int(head[0].split()[1])
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        # The server writes its ids in capitals.
        request_id = next((line.split(": ")[1] for line in head if line.lower().startswith("x-lapwing-request-id")), None)
        if manner == "gone":
            await reader.read(dice.randint(1, 400))
            return GONE, request_id
        data = await rest(reader, headers, slowly=manner == "slow")
        if data is None:
            return BROKEN, request_id
        return judge(status, headers, data, "".join(words(number, count)), stream), request_id
    except (asyncio.IncompleteReadError, ConnectionError):
        return (BROKEN if request_id else NOBODY), request_id
    finally:
        writer.close()


async def rest(reader, headers, slowly):
    """The body; nil where the connection ended within it."""
    data = bytearray()
    while True:
        if slowly:
            await asyncio.sleep(0.02)
        part = await reader.read(64 if slowly else 1 << 16)
        if not part:
            break
        data += part
    if "content-length" in headers:
        return bytes(data) if len(data) == int(headers["content-length"]) else None
    body, at = bytearray(), 0
    while (end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:end], 16)
        if size == 0:
            return bytes(body)
        body += data[end + 2:end + 2 + size]
        at = end + 2 + size + 2
    return None


def judge(status, headers, data, expected, stream):
    if status != 200:
        error = json.loads(data)["error"]
        return REFUSED if error["code"] == "insufficient_quota" else FAILED
    if not stream:
        answer = json.loads(data)["choices"][0]
        if answer["message"]["content"] != expected or answer["finish_reason"] != "stop":
            raise Wrong(f"one body holds {answer}, expected {expected!r}")
        return WHOLE
    text, finish, failed = "", None, False
    events = [line[6:] for line in data.decode().split("\n") if line.startswith("data: ")]
    for event in events:
        if event == "[DONE]":
            continue
        parsed = json.loads(event)
        failed = failed or "error" in parsed
        for choice in parsed.get("choices", []):
            text += choice["delta"].get("content") or ""
            finish = choice["finish_reason"] or finish
    if not expected.startswith(text):
        raise Wrong(f"a stream says {text!r}, expected {expected!r}; it {'failed' if failed else 'did not fail'}")
    if events and events[-1] == "[DONE]":
        if failed or text != expected or finish != "stop":
            raise Wrong(f"a stream ends as if it were whole after {text!r}, expected {expected!r}")
        return WHOLE
    if not failed:
        raise Wrong(f"a stream ends without [DONE] and without an error, after {text!r}")
    return FAILED
