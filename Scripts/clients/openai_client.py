"""Drives a running Lapwing with the openai package, as a user would.

    python Scripts/clients/openai_client.py http://127.0.0.1:8080 [MODEL]

Prints one line a check and ends with `N checks passed`; the first check that fails ends it with status 1.
"""

import asyncio
import sys

import openai

from checks import check, finish

base, model = sys.argv[1].rstrip("/"), (sys.argv[2] if len(sys.argv) > 2 else "smollm2")
client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, timeout=120)
HELLO = [{"role": "user", "content": "Name three primary colours."}]


def refused(name, kind, call, code=None, param=None):
    try:
        call()
    except kind as error:
        body = error.body or {}
        check(name, (code is None or body.get("code") == code) and (param is None or body.get("param") == param), body)
        check(f"{name}: a sentence", len(body.get("message", "").split()) > 3, body)
    else:
        sys.exit(f"FAILED {name}: it was accepted")


def chat(**options):
    settings = {"model": model, "messages": HELLO, "temperature": 0, "max_tokens": 24} | options
    return client.chat.completions.create(**settings)


# Chat, whole.
raw = client.chat.completions.with_raw_response.create(model=model, messages=HELLO, temperature=0, max_tokens=24)
answer = raw.parse()
text = answer.choices[0].message.content
check("chat answers", bool(text) and answer.object == "chat.completion", answer)
check("chat usage adds up", answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens)
check("chat stops where it was told", answer.usage.completion_tokens <= 24)
for header in ("request-id", "route", "decision", "confidence", "cost-usd", "saved-usd"):
    check(f"header x-lapwing-{header}", raw.headers.get(f"x-lapwing-{header}"), dict(raw.headers))
check("the answer cost something", 0 < float(raw.headers["x-lapwing-cost-usd"]) < 0.01)
check("confidence is a probability", 0 <= float(raw.headers["x-lapwing-confidence"]) <= 1)

# Chat, streamed.
chunks = list(chat(stream=True, stream_options={"include_usage": True}))
streamed = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
check("stream gives the same text", streamed == text, (streamed, text))
check("stream starts with the role", chunks[0].choices[0].delta.role == "assistant", chunks[0])
check("stream has one finish reason", sum(bool(c.choices and c.choices[0].finish_reason) for c in chunks) == 1)
check("last chunk has usage and no choices", chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0, chunks[-1])
check("same usage", chunks[-1].usage.completion_tokens == answer.usage.completion_tokens)
check("last chunk has the receipt", chunks[-1].model_extra["lapwing"]["decision"], chunks[-1])

# Headers of a stream, and what it knows of each token.
with client.chat.completions.with_streaming_response.create(
        model=model, messages=HELLO, temperature=0, max_tokens=24, stream=True) as raw:
    check("stream is an event stream", raw.headers["content-type"].startswith("text/event-stream"), dict(raw.headers))
    check("stream has a request id", raw.headers["x-lapwing-request-id"].startswith("req_"), dict(raw.headers))
scored = [c.choices[0] for c in chat(stream=True, logprobs=True, top_logprobs=2) if c.choices]
streamed_tokens = [t for c in scored if c.logprobs for t in c.logprobs.content]
check("streamed: a log-probability a token", len(streamed_tokens) == answer.usage.completion_tokens, streamed_tokens)
check("streamed: two alternatives, greedy the best",
      all(len(t.top_logprobs) == 2 and t.logprob == t.top_logprobs[0].logprob for t in streamed_tokens))

# A prompt of some hundred tokens, twice.
LONG = [{"role": "user", "content": "Which of these is a colour? " + ", ".join(f"word {i}" for i in range(60))}]
chat(messages=LONG, max_tokens=1)
warm = chat(messages=LONG, max_tokens=1).usage
check("a warm prompt is read from the cache", warm.prompt_tokens_details.cached_tokens > warm.prompt_tokens / 2, warm)

# Options.
several = chat(n=3, temperature=1.0, seed=7)
again = chat(n=3, temperature=1.0, seed=7)
check("n answers", [c.index for c in several.choices] == [0, 1, 2])
check("same seed, same answers", [c.message.content for c in several.choices] == [c.message.content for c in again.choices])
check("different answers among n", len({c.message.content for c in several.choices}) > 1)
scored = chat(logprobs=True, top_logprobs=3)
tokens = scored.choices[0].logprobs.content
check("a log-probability a token", len(tokens) == scored.usage.completion_tokens, len(tokens))
check("greedy takes the best", all(t.logprob == t.top_logprobs[0].logprob and len(t.top_logprobs) == 3 for t in tokens))
spelled = b"".join(bytes(t.bytes) for t in tokens).decode("utf-8", "ignore")
end = spelled.removeprefix(text)
# The token that ends an answer is reported by its name and is no part of the text.
check("token bytes make the text", spelled.startswith(text) and (not end or end.startswith("<|")), (spelled, text))
check("streamed tokens are the same", [t.token for t in streamed_tokens] == [t.token for t in tokens])
if len(text) > 12:
    stop = text[6:9]
    cut = chat(stop=[stop]).choices[0]
    check("stop string ends it", cut.message.content == text[: text.index(stop)] and cut.finish_reason == "stop", cut)
check("max_completion_tokens", chat(max_tokens=openai.omit, max_completion_tokens=3).usage.completion_tokens == 3)
forced = client.chat.completions.create(
    model=model, messages=HELLO, max_tokens=4, extra_body={"ignore_eos": True, "cache_prompt": False, "top_k": 1})
check("ignore_eos runs to the limit", forced.choices[0].finish_reason == "length" and forced.usage.completion_tokens == 4)
check("cache_prompt false reads no cache", forced.usage.prompt_tokens_details.cached_tokens == 0)

# Completions.
ids = client.post("/../tokenize", cast_to=object, body={"prompt": "The capital of France is"})["tokens"]
back = client.post("/../detokenize", cast_to=object, body={"tokens": ids})["prompt"]
check("tokenize and back", back == "The capital of France is", back)
by_text = client.completions.create(model=model, prompt="The capital of France is", max_tokens=5, temperature=0)
by_ids = client.completions.create(model=model, prompt=ids, max_tokens=5, temperature=0)
both = client.completions.create(model=model, prompt=[ids, ids[:2]], max_tokens=5, temperature=0)
texts = client.completions.create(model=model, prompt=["The capital of France is", "Water"], max_tokens=5, temperature=0)
check("ids give what the text gives", by_text.choices[0].text == by_ids.choices[0].text)
check("lists keep their order", both.choices[0].text == by_ids.choices[0].text and [c.index for c in both.choices] == [0, 1])
check("lists of strings", texts.choices[0].text == by_text.choices[0].text and len(texts.choices) == 2)
echo = client.completions.create(model=model, prompt=ids, max_tokens=1, temperature=0, logprobs=1, echo=True).choices[0]
marks = echo.logprobs
check("echo: n_prompt + 1 entries", len(marks.token_logprobs) == len(ids) + 1 == len(marks.tokens), marks)
check("echo: null first, then numbers", marks.token_logprobs[0] is None and all(x < 0.0001 for x in marks.token_logprobs[1:]))
check("echo: an object at every place", all(marks.top_logprobs[1:]))
check("echo: text comes back", echo.text.startswith("The capital of France is"), echo.text)
check("echo: last entry is greedy", marks.token_logprobs[-1] == max(marks.top_logprobs[-1].values()))
none = client.completions.create(model=model, prompt=ids, max_tokens=0, logprobs=1, echo=True).choices[0]
check("echo with no generation", len(none.logprobs.token_logprobs) == len(ids), none)
pieces = list(client.completions.create(model=model, prompt=ids, max_tokens=5, temperature=0, stream=True))
check("completions stream", "".join(c.choices[0].text for c in pieces if c.choices) == by_ids.choices[0].text)

# Models.
names = [m.id for m in client.models.list()]
check("models are listed", model in names, names)
check("one model by name", client.models.retrieve(model).id == model)

# Refusals.
refused("unknown model", openai.NotFoundError, lambda: chat(model="no-such-model"), code="model_not_found")
refused("unknown model by name", openai.NotFoundError, lambda: client.models.retrieve("no/such"), code="model_not_found")
refused("prompt past the context", openai.BadRequestError,
        lambda: chat(messages=[{"role": "user", "content": "word " * 20_000}]), code="context_length_exceeded")
refused("tools", openai.BadRequestError,
        lambda: chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}]), param="tools")
refused("temperature out of range", openai.BadRequestError, lambda: chat(temperature=3), param="temperature")
refused("no messages", openai.BadRequestError, lambda: chat(messages=[]), param="messages")


# Company.
async def company():
    many = openai.AsyncOpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, timeout=120)
    calls = [many.chat.completions.create(model=model, messages=HELLO, temperature=0, max_tokens=24) for _ in range(8)]
    others = [many.chat.completions.create(model=model, messages=[{"role": "user", "content": f"Say {i}."}],
                                           max_tokens=24) for i in range(4)]
    done = await asyncio.gather(*calls, *others)
    return {c.choices[0].message.content for c in done[:8]}


check("the same answer in company", asyncio.run(company()) == {text})
finish()
