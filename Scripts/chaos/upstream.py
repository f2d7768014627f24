"""A model server that fails at random, in every way that a gateway must survive; for run.py.

A request's last user message is `NUMBER COUNT`; its answer is COUNT words that no other answer has, so that a client can
tell a whole answer from one that was cut, mixed up or said twice.
"""

import asyncio
import json
import random

FAULTS = {
    "none": 700, "dribble": 25, "no done": 30,
    "reset": 40, "hang up": 20, "no http": 10, "429": 30, "500": 30,
    "silent": 4, "silent midway": 6, "cut midway": 50, "not json": 25, "error event": 10,
}


def words(number, count):
    return [f"w{number}.{index} " for index in range(count)]


class Upstream:
    """Counts what it is asked and what it does. Now and then it is in trouble for a while, and refuses everybody."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.calls = 0
        self.done = {}
        self.trouble = None

    async def serve(self):
        self.server = await asyncio.start_server(self.connection, "127.0.0.1", 0, backlog=512)
        self.weather = asyncio.create_task(self.bursts())
        return self.server.sockets[0].getsockname()[1]

    async def bursts(self):
        while True:
            await asyncio.sleep(self.dice.uniform(1, 4))
            self.trouble = self.dice.choice(["429", "500"])
            await asyncio.sleep(self.dice.uniform(0.1, 0.5))
            self.trouble = None

    async def connection(self, reader, writer):
        try:
            while await self.answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def answer(self, reader, writer):
        """Whether the connection can be used again."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next((int(line.split(":")[1]) for line in head if line.startswith("content-length:")), 0)
        body = json.loads(await reader.readexactly(length) or b"{}")
        if head[0].startswith("get"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            return True
        self.calls += 1
        fault = self.trouble or self.dice.choices(list(FAULTS), list(FAULTS.values()))[0]
        self.done[fault] = self.done.get(fault, 0) + 1
        if fault == "reset":
            writer.transport.abort()
            return False
        if fault == "hang up":
            return False
        if fault == "no http":
            writer.write(b"what?\r\n\r\n")
            return False
        if fault in ("429", "500"):
            error = json.dumps({"error": {"message": "not now", "type": "server_error", "code": None}}).encode()
            writer.write(f"HTTP/1.1 {fault} Sorry\r\ncontent-type: application/json\r\n"
                         f"content-length: {len(error)}\r\n\r\n".encode() + error)
            return True
        return await self.stream(body, fault, writer)

    async def stream(self, body, fault, writer):
        messages = body["messages"]
        number, count = map(int, next(m["content"] for m in reversed(messages) if m["role"] == "user").split())
        text = "".join(words(number, count))
        shown = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
        assert text.startswith(shown), "asked to go on with what was never said"
        left = [word + " " for word in text[len(shown):].split()]
        midway = self.dice.randint(0, max(len(left) - 1, 0))

        def send(data):
            if writer.is_closing():
                raise ConnectionResetError
            data = f"data: {data}\n\n".encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

        def chunk(delta, reason=None, **more):
            choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
            return json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                               "choices": choices} | more)

        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        if fault == "silent":
            await asyncio.sleep(30)
            return False
        for index, word in enumerate(left):
            if index == midway:
                if fault == "silent midway":
                    await writer.drain()
                    await asyncio.sleep(30)
                if fault in ("cut midway", "silent midway"):
                    writer.transport.abort() if self.dice.random() < 0.5 else None
                    return False
                if fault == "not json":
                    send('{"id": "c", "choices": [{"delta": {"content": "' + word)
                    continue
                if fault == "error event":
                    send('{"error": {"message": "out of memory", "type": "server_error", "code": null}}')
                    return False
            send(chunk({"role": "assistant", "content": word}))
            if fault == "dribble":
                await writer.drain()
                await asyncio.sleep(0.02)
        send(chunk({}, "stop"))
        send(chunk(None, usage={"prompt_tokens": 10, "completion_tokens": len(left), "total_tokens": 10 + len(left)}))
        if fault != "no done":
            send("[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True
