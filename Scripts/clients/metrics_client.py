"""Reads /metrics of a running Lapwing with Prometheus's own parser, after a few requests of every kind.

    python Scripts/clients/metrics_client.py http://127.0.0.1:8080 ROUTE

Prints one line a check and ends with `N checks passed`; the first check that fails ends it with status 1.
"""

import json
import math
import sys
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from checks import check, finish

base, route = sys.argv[1].rstrip("/"), sys.argv[2]


def ask(path, body=None):
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data=data, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def chat(model=route, **more):
    return ask(
        "/v1/chat/completions",
        {"model": model, "max_tokens": 4, "messages": [{"role": "user", "content": "hello"}], **more})


def families():
    status, headers, text = ask("/metrics")
    check("/metrics answers in the text format",
          status == 200 and headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8", headers)
    found = list(text_string_to_metric_families(text))
    names = [family.name for family in found]
    check("each metric stands once", len(names) == len(set(names)), names)
    return {family.name: family for family in found}, text


def value(name, **labels):
    samples = [s for family in seen.values() for s in family.samples if s.name == name]
    return sum(s.value for s in samples if all(s.labels.get(k) == v for k, v in labels.items()))


check("a chat", chat(user="someone", metadata={"feature": "f"})[0] == 200)
check("a stream", chat(stream=True)[0] == 200)
check("a completion", ask("/v1/completions", {"model": route, "prompt": "hello", "max_tokens": 2})[0] == 200)
check("embeddings", ask("/v1/embeddings", {"model": route, "input": "hello"})[0] == 200)
seen, before = families()
for number in range(20):
    check(f"unknown model {number}", chat(f"unknown-{number}", user=f"user-{number}")[0] == 404)
    check(f"unknown path {number}", ask(f"/unknown-{number}")[0] == 404)
check("no JSON", ask("/v1/chat/completions", b"{")[0] == 400)
seen, text = families()

types = {name: family.type for name, family in seen.items()}
for name, kind in {
    "gen_ai_server_request_duration_seconds": "histogram", "gen_ai_server_time_to_first_token_seconds": "histogram",
    "gen_ai_client_operation_duration_seconds": "histogram", "gen_ai_client_token_usage": "histogram",
    "lapwing_added_latency_seconds": "histogram", "lapwing_ledger_commit_seconds": "histogram",
    "lapwing_requests": "counter", "lapwing_calls": "counter", "lapwing_spend_usd": "counter",
    "lapwing_refusals": "counter", "lapwing_http_requests": "counter", "lapwing_requests_in_flight": "gauge",
    "lapwing_engine_queue_depth": "gauge", "lapwing_ledger_queue_depth": "gauge",
    "process_resident_memory_bytes": "gauge", "process_open_fds": "gauge", "process_start_time_seconds": "gauge",
}.items():
    check(f"{name} is a {kind}", types.get(name) == kind, types.get(name))
check("every metric says what it means", all(family.documentation for family in seen.values()))

for family in seen.values():
    if family.type != "histogram":
        continue
    series = {}
    for sample in family.samples:
        labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
        part = series.setdefault(labels, {"buckets": []})
        if sample.name.endswith("_bucket"):
            part["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            part[sample.name.rsplit("_", 1)[1]] = sample.value
    for part in series.values():
        buckets = part["buckets"]
        check(f"{family.name} is whole",
              buckets == sorted(buckets) and [c for _, c in buckets] == sorted(c for _, c in buckets)
              and buckets[-1][0] == math.inf and buckets[-1][1] == part["count"] and part["sum"] >= 0, part)

check("four requests were admitted", value("lapwing_requests_total") == 4, text)
check("all of the route", value("lapwing_requests_total", route=route, status="completed") == 4)
check("each is one call here", value("lapwing_calls_total", role="kept") == 4)
check("and one entry", value("lapwing_ledger_commit_seconds_count") == 4)
check("the time added was measured", value("lapwing_added_latency_seconds_count", route=route) == 4)
check("one stream had a first token", value("gen_ai_server_time_to_first_token_seconds_count") == 1)
check("tokens were read and written",
      value("gen_ai_client_token_usage_sum", gen_ai_token_type="input") > 8
      and 1 < value("gen_ai_client_token_usage_sum", gen_ai_token_type="output") <= 10)
check("machine time was spent", value("lapwing_spend_usd_total", side="open") > 0)
check("refusals have reasons", value("lapwing_refusals_total", reason="model_not_found") == 20
      and value("lapwing_refusals_total", reason="invalid_json") == 1)
check("paths that are not served are one", value("lapwing_http_requests_total", path="(none)", code="404") == 20)
check("nothing that a client wrote is a label", "unknown-" not in text and "user-" not in text and "someone" not in text)
check("twenty more users, models and paths are no more than the lines of four answers",
      len(text.splitlines()) - len(before.splitlines()) <= 10)
finish()
