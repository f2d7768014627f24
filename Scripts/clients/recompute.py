"""Recomputes offline what a running Lapwing decided, entered and added up, and compares to the request and the nano-dollar.

    python Scripts/clients/recompute.py LAPWING MODEL [QUESTIONS]

LAPWING is the program, MODEL a chat model's file. A first server gives the open model's greedy answers with the
log-probabilities of their tokens, and those of each label's tokens after a question; from these the confidence is computed
here by the published formula of `default-1`, and thresholds are set so that about half of the answers fall under them. A
second server then answers QUESTIONS questions (default 40) on routes that hold back differently, answer with labels or have a
gate over words, streaming and not, for requests without a key and with keys of two tiers, with a scripted closed model that
sometimes fails. Nothing here is computed by Lapwing's code. The last line is one JSON object: how many requests were
compared, and the time to the first byte with and without hold-back.
"""

import concurrent.futures
import json
import math
import re
import statistics
import sys
import threading
import time
import urllib.error
import urllib.request

from jinja2.sandbox import ImmutableSandboxedEnvironment
from prometheus_client.parser import text_string_to_metric_families

from checks import check, finish
from lapwing_process import Lapwing
from upstreams.scripted import Refusal, start

binary, weights = sys.argv[1], sys.argv[2]
question_count = int(sys.argv[3]) if len(sys.argv) > 3 else 40

MAX_TOKENS = 64
MACHINE_RATE = 100_000_000  # nano-dollars an hour
PRICE = {"input": 2_500_000_000, "cached": 1_250_000_000, "output": 10_000_000_000}  # nano-dollars a million tokens
PERCENTS = {"cost": 97, "low": 70, "high": 110}

SUBJECTS = ["the moon", "bread", "a bicycle", "photosynthesis", "the Nile", "chess", "gravity", "tea", "volcanoes", "honey"]
KINDS = ["What is {}?", "Write one short sentence about {}.", 'Reply with a JSON object {{"topic": ...}} about {}.',
         "Is {} older than the steam engine? Reply yes or no only.", "Name three things that have to do with {}."]
questions = [f"{KINDS[i % len(KINDS)].format(SUBJECTS[i % len(SUBJECTS)])} (question {i})" for i in range(question_count)]


# --- the arithmetic, with integers ------------------------------------------------------------------------------------

def half_even(dividend, divisor):
    quotient, rest = divmod(dividend, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1))


def closed_cost(prompt, cached, completion):
    return half_even((prompt - cached) * PRICE["input"] + cached * PRICE["cached"] + completion * PRICE["output"], 10**6)


def machine_cost(nanoseconds):
    return half_even(nanoseconds * MACHINE_RATE, 3_600_000_000_000)


def counterfactual(prompt, completion):
    total = prompt * PRICE["input"] + completion * PRICE["output"]
    return {name: half_even(total * percent, 10**8) for name, percent in PERCENTS.items()}


def nano(dollars):
    """Of a number as JSON has it, which is read as text so that no float is between."""
    sign, text = (-1, dollars[1:]) if dollars.startswith("-") else (1, dollars)
    whole, _, fraction = text.partition(".")
    assert len(fraction) <= 9 and "e" not in text.lower(), dollars
    return sign * (int(whole) * 10**9 + int(fraction.ljust(9, "0") or 0))


def read(text):
    return json.loads(text, parse_float=lambda number: number)


# --- confidence, as Docs and `default-1` publish it -------------------------------------------------------------------

DEFAULT_1 = {"mean": 3.713420, "minimum": -0.410494, "lowDecile": -0.541920, "firstMargin": 0.191215,
             "firstEntropy": -1.684452, "logLength": -1.143215, "isFinished": -0.487273}
INTERCEPT = 5.064396


def bounded(value, low, high):
    return min(max(value, low), high)


def confidence(values, first, is_finished):
    """Of log-probabilities, those of the first token's two best, and whether the answer came to its own end."""
    ordered = sorted(values)
    masses = [math.exp(first[0]), math.exp(first[1])]
    masses.append(max(0, 1 - masses[0] - masses[1]))
    features = {
        "mean": bounded(sum(values) / len(values), -5, 0), "minimum": bounded(ordered[0], -15, 0),
        "lowDecile": bounded(ordered[(len(values) - 1) // 10], -15, 0), "firstMargin": bounded(first[0] - first[1], 0, 10),
        "firstEntropy": -sum(m * math.log(m) for m in masses if m > 0), "logLength": math.log(len(values)),
        "isFinished": 1 if is_finished else 0}
    return 1 / (1 + math.exp(-(INTERCEPT + sum(DEFAULT_1[name] * features[name] for name in DEFAULT_1))))


class LabelReference:
    """The likeliest label, its confidence, and what the prompt comes to here and as the closed model is told of the labels."""

    def __init__(self, sums, prompt_tokens, closed_prompt, label_tokens):
        best = max(range(len(sums)), key=lambda place: sums[place])
        total = sums[best] + math.log(sum(math.exp(value - sums[best]) for value in sums))
        ordered = sorted((value - total for value in sums), reverse=True)
        self.label, self.probability = LABELS[best], confidence(ordered[:1], ordered[:2], True)
        self.usage = {"prompt_tokens": prompt_tokens, "completion_tokens": label_tokens[best]}
        self.prompt = closed_prompt


class Reference:
    """A greedy answer of the open model, as a stream with log-probabilities tells it."""

    def __init__(self, chunks):
        self.values, self.texts, self.first, self.finish = [], [], None, None
        for chunk in chunks:
            if not chunk["choices"]:
                self.usage = chunk["usage"]
                continue
            choice = chunk["choices"][0]
            text = choice["delta"].get("content") or ""
            tokens = (choice.get("logprobs") or {}).get("content") or []
            for place, token in enumerate(tokens):
                self.values.append(float(token["logprob"]))
                # What a piece's text belongs to is its last token.
                self.texts.append(text if place == len(tokens) - 1 else "…")
                if self.first is None:
                    self.first = sorted((float(t["logprob"]) for t in token["top_logprobs"]), reverse=True)[:2]
            self.finish = choice.get("finish_reason") or self.finish

    def whole(self, limit=None):
        values = self.values
        # The mark of the end is no part of the answer.
        if self.finish == "stop" and self.texts[-1] == "" and (limit is None or len(values) <= limit):
            values = values[:-1]
        return confidence(values[:limit], self.first, self.finish == "stop")

    def at(self, point):
        """nil where the answer ends before a token with text shows that it goes on past the point."""
        if any(text for text in self.texts[point:]):
            return confidence(self.values[:point], self.first, False)
        return None

    def judged(self, hold, threshold):
        if hold == "all":
            return self.whole()
        if isinstance(hold, int):
            found = self.at(hold)
            return self.whole(hold) if found is None else found
        points = list(range(hold["from"], hold["to"], hold["every"])) + [hold["to"]]
        for point in points:
            found = self.at(point)
            if found is None:
                return self.whole(hold["to"])
            if found < threshold or found >= hold["commit"] or point == points[-1]:
                return found


# --- labels and a gate over words -----------------------------------------------------------------------------------

LABELS = ["yes", "no", "it depends"]
LABELS_TOLD = "Answer with one of these labels, exactly as it is written, and nothing else: " + ", ".join(LABELS)

# Prompts with these words are sent on, except those that the closed model fails on: what fails there by the client's fault
# is the client's to know.
GATE_WORDS = {"older": 0.5, "sentence": 0.4, "name": 0.1}
GATE_WORDS.update({str(number): -0.9 for number in range(question_count) if number % 3 == 1})
GATE_TERMS = sorted(GATE_WORDS)
GATE_WEIGHTS = [1 + place % 3 / 4 for place in range(len(GATE_TERMS))]
GATE_INTERCEPT, GATE_THRESHOLD = 0.05, 0.3
GATE_FILE = json.dumps({
    "name": "topics", "version": 1, "scores": [place / 100 for place in range(101)], "threshold": GATE_THRESHOLD,
    "prompts": 100, "fingerprint": "0" * 64, "model": {
        "recipe": {"weights": {"words": 1}, "learner": {"ridge": {"alpha": 8}}, "neighbourShare": 0},
        "features": {"words": {"longestRun": 1, "terms": GATE_TERMS, "weights": GATE_WEIGHTS}},
        "linear": {"ridge": {"_0": {"intercept": GATE_INTERCEPT, "weights": [GATE_WORDS[term] for term in GATE_TERMS]}}}}})


def gate_score(question):
    """TF-IDF of the words that it knows, as long as 1, times their weights."""
    words = re.findall(r"[a-z0-9_]+", question.lower())
    row = {term: (1 + math.log(words.count(term))) * weight
           for term, weight in zip(GATE_TERMS, GATE_WEIGHTS) if term in words}
    length = math.sqrt(sum(value * value for value in row.values())) or 1
    return GATE_INTERCEPT + sum(value / length * GATE_WORDS[term] for term, value in row.items())


def openness(gain):
    return (1 - bounded(gain, -1, 1)) / 2


# --- the scripted closed model ----------------------------------------------------------------------------------------

def number_of(text):
    return int(text.rsplit("(question ", 1)[1].rstrip(")"))


def fails(number):
    return number % 3 == 1


def script(number):
    """The closed model's words and what it bills."""
    words = [f"w{k} " for k in range(3 + number % 5)]
    return words, {"prompt": 31 + number % 17, "cached": 16 if number % 3 == 0 else 0, "completion": len(words) + 1}


def closed_chat(_, body):
    number = number_of(body["messages"][-1]["content"])
    if fails(number):
        # No fault of the endpoint's: so many would have it left alone for a while, and how long hangs on the machine.
        raise Refusal(400, {"error": {"message": "scripted"}})
    words, usage = script(number)

    def lines():
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        for word in words:
            yield "data: " + json.dumps({**head, "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
        yield "data: " + json.dumps({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield "data: " + json.dumps({**head, "choices": [], "usage": {
            "prompt_tokens": usage["prompt"], "completion_tokens": usage["completion"],
            "total_tokens": usage["prompt"] + usage["completion"],
            "prompt_tokens_details": {"cached_tokens": usage["cached"]}}})
        yield "data: [DONE]"

    return lines()


upstream, upstream_calls = start({"/v1/chat/completions": closed_chat})


# --- servers and requests ---------------------------------------------------------------------------------------------

def configuration(routes):
    return f"""
server: {{ host: 127.0.0.1, port: 8080 }}
data: ./data
machine: {{ usd_per_hour: 0.10 }}
models:
  open: {{ weights: "{weights}", context: 2048 }}
  closed:
    provider: openai-compatible
    endpoints: ["{upstream}/v1"]
    retries: {{ attempts: 1 }}
    breaker: {{ failures: 20, open: 1s }}
    price: {{ input: 2.5, cached_input: 1.25, output: 10, effective: 2020-01-01 }}
{routes}
report: {{ counterfactual: closed }}
"""


def send(url, path, body, key=None):
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url + path, data=json.dumps(body).encode(), headers=headers)
    return urllib.request.urlopen(request, timeout=300)


def chat(model, question, **more):
    return {"model": model, "temperature": 0, "max_tokens": MAX_TOKENS,
            "messages": [{"role": "user", "content": question}], **more}


def chunks_of(response):
    for line in response:
        line = line.decode().strip()
        if line.startswith("data: {"):
            yield read(line[6:])


def in_parallel(work, items, width=4):
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        return list(pool.map(work, items))


first_server = Lapwing(binary, configuration(""))


def ask(path, **body):
    with send(first_server.url, path, {"model": "open", **body}) as response:
        return read(response.read())


def tokens(text):
    return ask("/tokenize", prompt=text, add_special_tokens=False)["tokens"]


with urllib.request.urlopen(first_server.url + "/tokenizer_info?model=open") as response:
    info = read(response.read())
template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(info["chat_template"])


def refer_labels(question):
    rendered = template.render(
        messages=[{"role": "user", "content": question}], add_generation_prompt=True,
        bos_token=info.get("bos_token") or "", eos_token=info.get("eos_token") or "")
    prompt, labels = tokens(rendered), [tokens(label) for label in LABELS]
    answer = ask("/v1/completions", prompt=[prompt + label for label in labels], max_tokens=0, echo=True, logprobs=0)
    sums = [sum(float(value) for value in choice["logprobs"]["token_logprobs"][len(prompt):])
            for choice in sorted(answer["choices"], key=lambda choice: choice["index"])]
    told = 3 + 4 + len(tokens(LABELS_TOLD)) + 4 + len(tokens(question))
    return LabelReference(sums, len(prompt), told, [len(label) for label in labels])


def refer(question):
    body = chat("open", question, stream=True, logprobs=True, top_logprobs=2, stream_options={"include_usage": True})
    with send(first_server.url, "/v1/chat/completions", body) as response:
        reference = Reference(chunks_of(response))
    # OpenAI's chat format: three tokens for the answer, four a message.
    reference.prompt = 3 + 4 + len(tokens(question))
    return reference


references = in_parallel(refer, questions)
label_references = in_parallel(refer_labels, questions)
check("the reference server ends in order", first_server.stop() == 0)


def between_two(values):
    """A threshold in the middle of the widest gap among the middle values, so that no rounding decides."""
    values = sorted(values)
    middle = values[len(values) // 3:2 * len(values) // 3 + 1]
    gap, low = max((b - a, a) for a, b in zip(middle, middle[1:]))
    return round(low + gap / 2, 6)


at_48 = [r.judged(48, 0) for r in references]
whole = [r.judged("all", 0) for r in references]
bounds = {"from": 8, "to": 48, "every": 8, "commit": round(sorted(at_48)[len(at_48) * 2 // 3] + 1e-5, 6)}
thresholds = {"held": between_two(at_48), "whole": between_two(whole), "bounds": between_two(at_48), "alone": between_two(at_48),
              "labelled": between_two([r.probability for r in label_references]), "gated": between_two(at_48)}
ROUTES = {
    "held": {"hold": 48, "tiers": ["enterprise"], "closed": True},
    "whole": {"hold": "all", "tiers": ["enterprise", "default"], "closed": True},
    "bounds": {"hold": bounds, "tiers": ["enterprise", "basic", "default"], "closed": True},
    "alone": {"hold": 48, "tiers": None, "closed": False},
    "labelled": {"hold": 48, "tiers": ["enterprise"], "closed": True, "more": f"labels: {json.dumps(LABELS)}, "},
    "gated": {"hold": 48, "tiers": ["enterprise", "default"], "closed": True, "more": "gate: topics, "},
}
SHADOW_SHARE = 0.5
DECISIONS = ("open", "closed", "would-escalate", "escalated", "unavailable")


def yaml_hold(hold):
    return json.dumps(hold).replace('"', "") if isinstance(hold, dict) else hold


routes = "routes:\n" + "".join(
    f"  {name}: {{ open: open, {'closed: closed, ' if route['closed'] else ''}{route.get('more', '')}hold: {yaml_hold(route['hold'])}, "
    f"escalate: {{ "
    f"below: {thresholds[name]}{', tiers: [' + ', '.join(route['tiers']) + ']' if route['tiers'] else ''} }} }}\n"
    for name, route in ROUTES.items()) + (
        f"  shadowed: {{ open: open, shadow: {{ model: closed, share: {SHADOW_SHARE} }} }}\n")
server = Lapwing(binary, configuration(routes), {"data/gates/topics-v1.json": GATE_FILE})


def make_key(name, tier):
    made = server.run("keys", "create", name, "--tier", tier, "--json")
    check(f"a key of tier {tier} is made", made.returncode == 0, made.stderr)
    return json.loads(made.stdout)["key"]


class Answer:
    def __init__(self, job):
        self.route, self.question, self.stream, self.tier, key = job
        began = time.monotonic()
        body = chat(self.route, self.question, stream=self.stream)
        self.first_byte = None
        with send(server.url, "/v1/chat/completions", body, key) as response:
            self.id = response.headers["x-lapwing-request-id"]
            self.headers = response.headers
            if self.stream:
                self.text = ""
                for chunk in chunks_of(response):
                    self.first_byte = self.first_byte or time.monotonic() - began
                    self.text += "".join(c["delta"].get("content") or "" for c in chunk["choices"])
                    self.receipt = chunk.get("lapwing") or getattr(self, "receipt", None)
            else:
                answer = read(response.read())
                self.text, self.receipt = answer["choices"][0]["message"]["content"], answer["lapwing"]


jobs = [(route, question, stream, "default", None)
        for route in [*ROUTES, "shadowed"] for question in questions for stream in (False, True)]
answers = in_parallel(Answer, jobs)
keys = {tier: make_key(f"bot-{tier}", tier) for tier in ("enterprise", "basic")}
for _ in range(100):
    try:
        send(server.url, "/v1/chat/completions", chat("alone", questions[0], max_tokens=1)).close()
    except urllib.error.HTTPError as error:
        check("from the first key on a request without one is refused", error.code == 401)
        break
    time.sleep(0.05)
else:
    check("from the first key on a request without one is refused", False)
# What was asked until the key was known is not compared; the ledger has it.
keyed = [(route, question, stream, tier, key)
         for route in ROUTES for tier, key in keys.items() for question in questions for stream in (False, True)]
answers += in_parallel(Answer, keyed)


# --- what should have come --------------------------------------------------------------------------------------------

def reference_of(answer):
    return (label_references if answer.route == "labelled" else references)[number_of(answer.question)]


def expected(answer):
    reference, number = reference_of(answer), number_of(answer.question)
    if answer.route == "shadowed":
        return reference.judged(48, 0), "open"
    route, threshold = ROUTES[answer.route], thresholds[answer.route]
    if answer.route == "gated" and answer.tier in route["tiers"] and gate_score(answer.question) > GATE_THRESHOLD:
        return openness(gate_score(answer.question)), "closed"
    probability = reference.probability if answer.route == "labelled" else reference.judged(route["hold"], threshold)
    if probability >= threshold:
        return probability, "open"
    if not route["closed"] or answer.tier not in route["tiers"]:
        return probability, "would-escalate"
    return probability, "unavailable" if fails(number) else "escalated"


def draw(name, purpose):
    """FNV-1a and SplitMix64's finaliser, as Docs/Feedback.md has it."""
    bits = 0xCBF29CE484222325
    for byte in purpose.encode() + b"\0" + name.encode():
        bits = (bits ^ byte) * 0x100000001B3 % 2**64
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB % 2**64
    return ((bits ^ bits >> 31) >> 11) * 2.0**-53


# An answer that was cut short is not compared.
drawn = {a.id: a for a in answers if a.route == "shadowed" and draw(a.id, "shadow") < SHADOW_SHARE
         and references[number_of(a.question)].finish == "stop"}


def entries():
    exported = server.run("ledger", "export", "--format", "jsonl")
    check("the ledger is exported", exported.returncode == 0, exported.stderr)
    return [read(line) for line in exported.stdout.splitlines()]


for _ in range(200):
    ledger = entries()
    if sum(e["kind"] == "shadow" for e in ledger) >= len(drawn):
        break
    time.sleep(0.1)
by_id = {entry["request_id"]: entry for entry in ledger}
compared = {"requests": 0, "decisions": {}}


def close(a, b):
    return abs(float(a) - b) < 1e-9


def compare(answer):
    probability, decision = expected(answer)
    number, reference = number_of(answer.question), reference_of(answer)
    entry, receipt, name = by_id[answer.id], answer.receipt, f"{answer.route} {answer.tier} {number} {answer.stream}"

    def same(what, found, wanted):
        if found != wanted:
            sys.exit(f"FAILED {name}: {what} is {found}, expected {wanted}")

    same("decision", (receipt["decision"], entry["decision"]), (decision, decision))
    same("confidence is the formula's", (close(receipt["confidence"], probability), close(entry["confidence"], probability)),
         (True, True))
    judge = "topics-v1" if decision == "closed" else "default-1"
    same("calibrator", (receipt["calibrator"], entry["calibrator"], entry["calibrated"]), (judge, judge, False))
    threshold = openness(GATE_THRESHOLD) if decision == "closed" else thresholds.get(answer.route)
    same("threshold", None if entry["threshold"] is None else float(entry["threshold"]), threshold)
    same("status", (entry["status"], entry["kind"], entry["tier"], entry["stream"]),
         ("completed", "request", answer.tier, answer.stream))
    called = [] if decision == "closed" else [("open", "open")]
    if decision in ("closed", "escalated", "unavailable"):
        called.append(("closed", "closed"))
    same("calls", [(c["model"], c["side"]) for c in entry["calls"]], called)
    roles = {"escalated": ["discarded", "kept"], "unavailable": ["kept", "failed"]}.get(decision, ["kept"])
    same("roles", [c["role"] for c in entry["calls"]], roles)
    costs = []
    for call in entry["calls"]:
        if call["model"] == "open":
            costs.append(machine_cost(call["compute_ns"]))
        elif call["role"] == "failed":
            same("a refused call", (call["prompt_tokens"], call["completion_tokens"]), (0, 0))
            costs.append(0)
        else:
            usage = script(number)[1]
            same("usage", (call["prompt_tokens"], call["cached_tokens"], call["completion_tokens"]),
                 (usage["prompt"], usage["cached"], usage["completion"]))
            costs.append(closed_cost(usage["prompt"], usage["cached"], usage["completion"]))
    same("costs of calls", [nano(str(c["cost_usd"])) for c in entry["calls"]], costs)
    same("cost", (nano(str(entry["cost_usd"])), nano(str(receipt["cost_usd"]))), (sum(costs), sum(costs)))
    if decision in ("closed", "escalated"):
        other = {"cost": costs[-1], "low": costs[-1], "high": costs[-1], "estimated": False}
        same("text", answer.text, "".join(script(number)[0]))
    else:
        kept = entry["calls"][0]
        same("tokens", (kept["prompt_tokens"], kept["completion_tokens"], kept["estimated"]),
             (reference.usage["prompt_tokens"], reference.usage["completion_tokens"], False))
        if answer.route == "labelled":
            same("label", answer.text, reference.label)
        other = {**counterfactual(reference.prompt, kept["completion_tokens"]), "estimated": True}
    found = receipt["counterfactual"]
    same("counterfactual", {**{n: nano(str(found[n + "_usd"])) for n in PERCENTS}, "estimated": found["estimated"]}, other)
    same("saved", nano(str(receipt["saved_usd"])), other["cost"] - sum(costs))
    if not answer.stream:
        same("headers", (answer.headers["x-lapwing-route"], answer.headers["x-lapwing-decision"],
                         nano(answer.headers["x-lapwing-cost-usd"]), nano(answer.headers["x-lapwing-saved-usd"])),
             (answer.route, decision, sum(costs), other["cost"] - sum(costs)))
        same("the confidence's header", abs(float(answer.headers["x-lapwing-confidence"]) - probability) <= 0.5001e-4, True)
    compared["requests"] += 1
    compared["decisions"][decision] = compared["decisions"].get(decision, 0) + 1
    return {"entry": entry, "spent": sum(costs), **other, "decision": decision, "confidence": probability}


rows = [compare(answer) for answer in answers]
check(f"{len(rows)} requests: decisions, headers, receipts and entries are those that were recomputed", True)
check("all decisions occurred", set(compared["decisions"]) == set(DECISIONS), compared)

shadows = [entry for entry in ledger if entry["kind"] == "shadow"]
check("the requests that were to be shadowed were, and no others", {e["parent"] for e in shadows} == set(drawn), len(shadows))
shadow_spent = 0
for entry in shadows:
    number = number_of(drawn[entry["parent"]].question)
    usage = script(number)[1]
    cost = 0 if fails(number) else closed_cost(usage["prompt"], usage["cached"], usage["completion"])
    found = (entry["status"], nano(str(entry["cost_usd"] or 0)), entry["decision"], entry["request_id"])
    wanted = ("failed" if fails(number) else "completed", cost, None, entry["parent"] + ".shadow")
    if found != wanted:
        sys.exit(f"FAILED shadow of {entry['parent']}: {found}, expected {wanted}")
    shadow_spent += cost
check(f"{len(shadows)} shadow calls have entries of their own at the right price", True)

# --- the report and the metrics ---------------------------------------------------------------------------------------

stray = [e for e in ledger if e["kind"] == "request" and e["request_id"] not in {a.id for a in answers}]
reported = server.run("report", "--json", "--by", "route")
check("the report is printed", reported.returncode == 0, reported.stderr)
report = read(reported.stdout)
groups = {group["name"]: group["figures"] for group in report["groups"]}
for name in [*ROUTES, "shadowed"]:
    if any(entry["route"] == name for entry in stray):
        continue
    mine, figures = [r for r in rows if r["entry"]["route"] == name], groups[name]
    beside = shadow_spent if name == "shadowed" else 0
    count = {d: sum(r["decision"] == d for r in mine) for d in DECISIONS}
    closed = count["closed"] + count["escalated"]
    wanted = {
        "requests": len(mine), "completed": len(mine), "answeredOpen": len(mine) - closed,
        "answeredClosed": closed, "escalated": count["escalated"], "wouldEscalate": count["would-escalate"],
        "unavailable": count["unavailable"], "unpricedCalls": 0,
        "spent": sum(r["spent"] for r in mine) + beside, "spentBesideAnswers": beside,
        "cost": sum(r["cost"] for r in mine), "low": sum(r["low"] for r in mine), "high": sum(r["high"] for r in mine),
        "estimatedCost": sum(r["cost"] for r in mine if r["estimated"]),
    }
    wanted["saved"] = wanted["cost"] - wanted["spent"]
    found = {key: figures[key] for key in wanted if key in figures}
    found.update({key: figures["counterfactual"][key] for key in ("cost", "low", "high", "estimatedCost", "saved")})
    for key in ("spent", "spentBesideAnswers", "cost", "low", "high", "estimatedCost", "saved"):
        found[key] = nano(str(found[key]))
    check(f"the report of {name} agrees to the nano-dollar", found == wanted, f"{found}, expected {wanted}")
    mean = statistics.fmean(r["confidence"] for r in mine)
    check(f"its mean confidence agrees", close(figures["meanConfidence"], mean), (figures["meanConfidence"], mean))

with urllib.request.urlopen(server.url + "/metrics") as response:
    families = list(text_string_to_metric_families(response.read().decode()))
samples = [s for family in families for s in family.samples]


def metric(name, **labels):
    return sum(s.value for s in samples if s.name == name and all(s.labels.get(k) == v for k, v in labels.items()))


for name in [*ROUTES, "shadowed"]:
    for decision in DECISIONS:
        wanted = sum(e["route"] == name and e["decision"] == decision and e["kind"] == "request" for e in ledger)
        found = metric("lapwing_requests_total", route=name, decision=decision)
        check(f"{name} {decision}: counted {wanted} times", found == wanted, found)
for model in ("open", "closed"):
    wanted = sum(nano(str(c["cost_usd"] or 0)) for e in ledger for c in e["calls"] if c["model"] == model)
    found = round(metric("lapwing_spend_usd_total", model=model) * 10**9)
    check(f"what {model} cost is counted", found == wanted, (found, wanted))
whole_shadows = sum(e["status"] == "completed" for e in shadows)
results = {r: metric("lapwing_shadow_total", route="shadowed", result=r) for r in ("agreed", "differed", "unknown", "failed", "dropped")}
check("each shadow has a result", sum(results.values()) == len(shadows) and results["failed"] == len(shadows) - whole_shadows, results)

# --- feedback finds what was answered ---------------------------------------------------------------------------------

mine = [a for a in answers if a.tier == "enterprise"][:10]
for answer in mine:
    with send(server.url, "/v1/feedback", {"request_id": answer.id, "outcome": "right"}, keys["enterprise"]) as response:
        said = read(response.read())
    check(f"feedback on {answer.id}", (said["route"], said["outcome"]) == (answer.route, "right"), said)

# --- time to the first byte -------------------------------------------------------------------------------------------

long = [q for q, r in zip(questions, references) if r.at(48) is not None and r.at(48) >= thresholds["held"]] or questions[:5]
times = {"held": [], "alone": []}
for question in (long * 20)[:20]:
    for route in times:
        times[route].append(Answer((route, question, True, "enterprise", keys["enterprise"])).first_byte * 1000)


def figures(values):
    values = sorted(values)
    return {"median": round(statistics.median(values), 1), "p95": round(values[math.ceil(0.95 * len(values)) - 1], 1)}


verified = server.run("ledger", "verify")
check("the ledger is sound", verified.returncode == 0, verified.stdout + verified.stderr)
check("the server ends in order", server.stop() == 0)
finish()
print(json.dumps({
    "requests": compared["requests"], "decisions": compared["decisions"], "shadow_calls": len(shadows),
    "closed_calls": len(upstream_calls), "first_byte_ms": {"hold_48": figures(times["held"]), "no_hold": figures(times["alone"])},
    "streams_timed": 20}))
