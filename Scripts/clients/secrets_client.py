"""Plants a secret in each input of a Lapwing that it starts, and looks for all of them in its log, its metrics and its files.

    python Scripts/clients/secrets_client.py LAPWING FOLDER

The upstreams are played here: one answers, one refuses, one breaks off, and each repeats in its errors what it was sent.
`user` and `metadata` are kept in the ledger, where they belong; nothing else is kept anywhere.
Prints one line a check and ends with `N checks passed`; the first check that fails ends it with status 1.
"""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from checks import check, finish

binary, folder = sys.argv[1], sys.argv[2]
# Each of its own shape, so that what is found can be told.
SECRETS = {name: f"zq{number:02d}{name}xj" for number, name in enumerate([
    "prompt", "system", "bearer", "apikey", "header", "query", "path", "model", "jsonkey", "badjson", "stop", "method",
    "answer", "upstreamerror", "upstreamkey", "upstreamheader", "cookie", "requestid", "embedding", "envelope"])}
KEPT = {"user": "zq90userxj", "metadata": "zq91metadataxj", "label": "zq92labelxj"}


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        kind = self.path.split("/")[1]
        sent = self.headers.get("authorization", "")
        if kind == "refuses":
            return self.say(400, {"error": {"message": f"{SECRETS['upstreamerror']} {sent} {body}", "type": "invalid"}})
        if kind == "fails":
            return self.say(500, {"error": {"message": f"{SECRETS['upstreamerror']} {sent} {body}"}})
        if kind == "odd":
            return self.say(200, {"what": f"{SECRETS['upstreamerror']} {sent} {body}"})
        usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
        if not json.loads(body).get("stream"):
            return self.say(200, {
                "id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
                "choices": [{"index": 0, "finish_reason": "stop",
                             "message": {"role": "assistant", "content": SECRETS["answer"]}}]})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("x-secret", SECRETS["upstreamheader"])
        self.send_header("connection", "close")
        self.end_headers()
        for piece in ["a ", SECRETS["answer"]]:
            self.event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        if kind == "breaks":
            self.event({"error": {"message": SECRETS["upstreamerror"] + sent}})
        else:
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self.event({"choices": [], "usage": usage})
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def event(self, chunk):
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **chunk}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def say(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("x-secret", SECRETS["upstreamheader"])
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=upstream.serve_forever, daemon=True).start()
port = upstream.server_address[1]
KINDS = ["answers", "refuses", "fails", "odd", "breaks"]
with open(f"{folder}/lapwing.yaml", "w") as file:
    file.write("data: ./data\nlog: { format: json, level: trace }\nmodels:\n")
    for kind in KINDS:
        file.write(f"  {kind}: {{ provider: openai-compatible, endpoints: [\"http://127.0.0.1:{port}/{kind}/v1\"], "
                   f"key: \"${{UPSTREAM_KEY}}\", retries: {{ attempts: 2 }}, price: {{ input: 1, output: 2 }} }}\n")
    file.write("routes:\n  support: { open: answers, cache: { ttl: 1h } }\n  safe: { open: fails, fallback: [answers] }\n"
               "  escalating: { open: answers, closed: refuses, escalate: { below: 1.0 }, unknown: escalate }\n")
log = open(f"{folder}/server.log", "w")
server = subprocess.Popen(
    [binary, "serve", "--config", f"{folder}/lapwing.yaml", "--port", "0"], stdout=subprocess.PIPE, stderr=log,
    env={**os.environ, "UPSTREAM_KEY": SECRETS["upstreamkey"]}, text=True)
base = None
for line in server.stdout:
    if found := re.search(r"listening on (http://\S+)", line):
        base = found[1]
        break
check("it serves", base is not None)


def send(path, body, method="POST", headers={}):
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(base + path, data=data, method=method, headers={
        "content-type": "application/json", "authorization": f"Bearer {SECRETS['bearer']}",
        "x-custom": SECRETS["header"], "cookie": SECRETS["cookie"], "x-request-id": SECRETS["requestid"], **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def chat(model, **more):
    return {
        "model": model, "stop": [SECRETS["stop"]], "user": KEPT["user"],
        "metadata": {KEPT["label"]: KEPT["metadata"]}, SECRETS["jsonkey"]: 1,
        "messages": [{"role": "system", "content": SECRETS["system"]}, {"role": "user", "content": SECRETS["prompt"]}],
        **more}


statuses = []
for model in KINDS + ["support", "support", "safe", "escalating", SECRETS["model"]]:
    for stream in [False, True]:
        status, _ = send(f"/v1/chat/completions?key={SECRETS['query']}", chat(model, stream=stream))
        statuses.append(status)
check("requests were answered and refused", {200, 400, 404, 502} <= set(statuses), statuses)
send("/v1/chat/completions", chat("answers"), headers={"authorization": "", "x-api-key": SECRETS["apikey"]})
send("/v1/chat/completions", b'{"' + SECRETS["badjson"].encode())
send("/v1/chat/completions", {"model": "answers", "messages": [{"role": SECRETS["envelope"], "content": 1}]})
send("/v1/embeddings", {"model": "fails", "input": SECRETS["embedding"]})
send("/v1/completions", {"model": "answers", "prompt": SECRETS["prompt"]})
send(f"/{SECRETS['path']}", None, "GET")
send(f"/v1/models/{SECRETS['path']}", None, "GET")
send("/v1/models", None, SECRETS["method"].upper())
status, metrics = send("/metrics", None, "GET")
check("/metrics answers", status == 200 and "lapwing_requests_total" in metrics)
check("both sides were used", 'model="answers"' in metrics and 'error_type="upstream_500"' in metrics, metrics)
export = subprocess.run([binary, "ledger", "export", "--config", f"{folder}/lapwing.yaml"], capture_output=True, text=True)
server.terminate()
check("it ends well", server.wait(30) == 0)
log.close()
lines = open(f"{folder}/server.log").read()
entries = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
check("each request has a line in the log", sum(e["message"] == "Request answered" for e in entries) >= len(statuses))
check("a line says what a request came to",
      any(e.get("route") == "support" and e.get("cache") == "hit" and e.get("cost_usd") == 0 for e in entries), lines)
files = {
    name: open(f"{root}/{name}", "rb").read().decode("latin-1")
    for root, _, names in os.walk(f"{folder}/data") for name in names}
check("the ledger has entries", len(export.stdout.splitlines()) > 10 and "ledger.sqlite" in files, files.keys())
places = {"log": lines, "metrics": metrics, "export": export.stdout, **files}
for secret, text in SECRETS.items():
    for place, content in places.items():
        check(f"{secret} is not in {place}", text.lower() not in content.lower(),
              content[max(0, content.lower().find(text.lower()) - 200):][:400])
for name, text in KEPT.items():
    check(f"{name} is in the ledger", text in export.stdout)
    for place in ["log", "metrics"]:
        check(f"{name} is not in {place}", text not in places[place])
finish()
