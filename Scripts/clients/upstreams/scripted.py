"""An HTTP server on a free port of the loopback, with a function for each path."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Refusal(Exception):
    """A status and a body instead of an answer."""

    def __init__(self, status, body, headers=None):
        self.status, self.body, self.headers = status, body, headers or {}


class Cut(Exception):
    """Ends the connection in the middle of an answer."""


def start(routes):
    """Serves `routes`, path to function of headers and body; each gives a JSON body, or the lines of a stream.

    Returns the address, and the requests as they come: path, headers, body.
    """
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            self.reply(200, {"object": "list", "data": []})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.append((self.path, headers, body))
            route = routes.get(self.path)
            try:
                if route is None:
                    raise Refusal(404, {"error": {"message": f"no such path: {self.path}"}})
                answer = route(headers, body)
                self.stream(answer) if not isinstance(answer, dict) else self.reply(200, answer)
            except Refusal as refusal:
                self.reply(refusal.status, refusal.body, refusal.headers)

        def reply(self, status, body, headers=()):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            for name in headers:
                self.send_header(name, headers[name])
            self.end_headers()
            self.wfile.write(data)

        def stream(self, lines):
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                for line in lines:
                    self.wfile.write(line.encode() + b"\n\n")
            except Cut:
                pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}", seen


def only(body, allowed, refuse):
    """Refuses a field that the server in this style does not know."""
    for field in body:
        if field not in allowed:
            raise refuse(field)


def text_of(content):
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content or [])


def says(messages):
    """What the last message says."""
    return text_of(messages[-1].get("content"))


def has_image(messages, kind):
    return any(part.get("type") == kind for m in messages if isinstance(m["content"], list) for part in m["content"])
