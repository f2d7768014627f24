"""A stream whose chunks say when they were sent, and clients, one of which tells how late they come; for Benchmarks/gateway.sh.

    peer_stream.py serve PORT    an upstream: each answer has 40 chunks, 5 ms apart
    peer_stream.py ask PORT      asks 50 times, one at a time; prints milliseconds from a chunk's sending to its arrival
    peer_stream.py count PORT N  asks N times, ten at a time, and prints how many were answered
"""

import asyncio
import concurrent.futures
import http.client
import json
import statistics
import sys
import time

CHUNKS, PAUSE, REQUESTS = 40, 0.005, 50


async def answer(reader, writer):
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode().lower().split("\r\n")
            length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length:")), 0)
            await reader.readexactly(length)
            if lines[0].startswith("get"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                continue
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

            def send(text):
                data = f"data: {text}\n\n".encode()
                writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

            def chunk(delta, reason=None, **more):
                choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
                return json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                                   "choices": choices} | more)

            for _ in range(CHUNKS):
                send(chunk({"role": "assistant", "content": f"{time.monotonic_ns()} "}))
                await writer.drain()
                await asyncio.sleep(PAUSE)
            send(chunk({}, "stop"))
            send(chunk(None, usage={"prompt_tokens": 12, "completion_tokens": CHUNKS, "total_tokens": 12 + CHUNKS}))
            send("[DONE]")
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve(port):
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await server.serve_forever()


def ask(port):
    firsts, others = [], []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Count."}]})
    headers = {"content-type": "application/json", "authorization": "Bearer sk-benchmark", "accept": "text/event-stream"}
    for number in range(REQUESTS + 5):
        connection.request("POST", "/v1/chat/completions", body, headers)
        response, late = connection.getresponse(), []
        while line := response.readline():
            now = time.monotonic_ns()
            if not line.startswith(b"data: {"):
                continue
            for choice in json.loads(line[6:])["choices"]:
                if (text := (choice["delta"].get("content") or "").strip()):
                    late.append((now - int(text.split()[-1])) / 1e6)
        if len(late) != CHUNKS:
            sys.exit(f"an answer had {len(late)} chunks, expected {CHUNKS}")
        # The first few warm up both sides.
        if number >= 5:
            firsts.append(late[0])
            others += late[1:]
    percentile = lambda values, share: round(sorted(values)[int(share * len(values))], 3)
    print(json.dumps({
        "first_chunk_p50_ms": round(statistics.median(firsts), 3), "first_chunk_p99_ms": percentile(firsts, 0.99),
        "chunk_p50_ms": round(statistics.median(others), 3), "chunk_p99_ms": percentile(others, 0.99)}))


def count(port, requests):
    def some(_):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        body, answered = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Count."}]}), 0
        for _ in range(requests // 10):
            connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
            response = connection.getresponse()
            answered += response.status == 200 and b"Forty-two." in response.read()
        return answered

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        print(sum(pool.map(some, range(10))))


command, port = sys.argv[1], int(sys.argv[2])
if command == "serve":
    asyncio.run(serve(port))
elif command == "ask":
    ask(port)
else:
    count(port, int(sys.argv[3]))
