"""Embeds and ranks with a running Lapwing, by the openai package and by a call in Cohere's shape.

    python Scripts/clients/embeddings_client.py http://127.0.0.1:8080 [MODEL]

Prints one line a check and ends with `N checks passed`; the first check that fails ends it with status 1.
"""

import asyncio
import base64
import math
import struct
import sys

import openai

from checks import check, finish

base, model = sys.argv[1].rstrip("/"), (sys.argv[2] if len(sys.argv) > 2 else "smollm2")
client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, timeout=120)
TEXTS = ["How do I reset my password?", "I forgot my password and cannot log in.", "The parcel has not arrived."]


def refused(name, call, status=400, code=None, says=""):
    try:
        call()
    except openai.APIStatusError as error:
        body = error.body or {}
        check(name, error.status_code == status and body.get("code") == code and says in body["message"], body)
    else:
        sys.exit(f"FAILED {name}: it was accepted")


def length(vector):
    return math.sqrt(sum(x * x for x in vector))


def embed(text, **options):
    return client.embeddings.create(model=model, input=text, **options)


# Without a format the package asks for base64 and decodes it itself.
decoded = embed(TEXTS)
plain = embed(TEXTS, encoding_format="float")
encoded = embed(TEXTS, encoding_format="base64")
vectors = [e.embedding for e in plain.data]
check("a list of embeddings", plain.object == "list" and [e.index for e in plain.data] == [0, 1, 2], plain.object)
check("vectors are as long as 1", all(abs(length(v) - 1) < 1e-4 for v in vectors), [length(v) for v in vectors])
check("base64 holds the same floats", all(
    list(struct.unpack(f"<{len(v)}f", base64.b64decode(e.embedding))) == [struct.unpack("<f", struct.pack("<f", x))[0] for x in v]
    for e, v in zip(encoded.data, vectors)))
check("the package decodes them", all(
    max(abs(a - b) for a, b in zip(e.embedding, v)) < 1e-7 for e, v in zip(decoded.data, vectors)))
check("usage", plain.usage.prompt_tokens == plain.usage.total_tokens > 10, plain.usage)
raw = client.embeddings.with_raw_response.create(model=model, input="one", user="ada", extra_body={"colour": "red"})
check("a request id, a route and a cost", all(
    raw.headers.get(f"x-lapwing-{h}") for h in ("request-id", "route", "cost-usd")), dict(raw.headers))
check("an unknown field is named", raw.headers.get("x-lapwing-ignored") == "colour", dict(raw.headers))

# Forms of input.
ids = client.post("/../tokenize", cast_to=object, body={"prompt": TEXTS[0], "model": model})["tokens"]
by_ids = embed(ids, encoding_format="float").data[0].embedding
check("token ids give what the text gives", by_ids == vectors[0], by_ids[:3])
lists = embed([ids, ids[:2]], encoding_format="float").data
check("lists of token ids", lists[0].embedding == by_ids and lists[1].embedding != by_ids)
alone = embed(TEXTS[1], encoding_format="float").data[0].embedding
check("a text alone gives what it gives in company", alone == vectors[1])
short = embed(TEXTS[0], dimensions=16, encoding_format="float").data[0].embedding
scale = length(vectors[0][:16])
check("fewer dimensions, as long as 1", len(short) == 16 and all(abs(a * scale - b) < 1e-5 for a, b in zip(short, vectors[0])))

# Refusals.
refused("an empty string", lambda: embed(["a", ""]), code="invalid_value", says="input[1]")
refused("no input", lambda: embed([]), code="invalid_value")
refused("too many inputs", lambda: embed(["a"] * 2049), code="invalid_value", says="2049")
refused("a text that is too long", lambda: embed(["a", "word " * 4000]), code="context_length_exceeded", says="2048")
refused("too many tokens together", lambda: embed(["word " * 2000] * 200), code="invalid_value", says="300000")
refused("more dimensions than there are", lambda: embed("a", dimensions=100_000), code="invalid_value", says="100000")
refused("an unknown format", lambda: embed("a", encoding_format="hex"), code="invalid_value", says="hex")
refused("an unknown model", lambda: client.embeddings.create(model="no-such", input="a"), 404, "model_not_found")

# Ranking, in Cohere's shape.
def rerank(**options):
    return client.post("/rerank", cast_to=object, body={"model": model, "query": TEXTS[0], "documents": TEXTS} | options)


ranked = rerank()
scores = [r["relevance_score"] for r in ranked["results"]]
check("every document, the best first", len(scores) == 3 and scores == sorted(scores, reverse=True), ranked)
check("a text is nearest to itself", ranked["results"][0]["index"] == 0 and abs(scores[0] - 1) < 1e-4, ranked)
check("an id, usage and meta", ranked["id"].startswith("rerank-") and ranked["usage"]["total_tokens"] > 10
      and ranked["meta"]["tokens"]["input_tokens"] == ranked["usage"]["prompt_tokens"], ranked)
top = rerank(top_n=1, return_documents=True, documents=[{"text": t} for t in TEXTS])["results"]
check("top_n and return_documents", len(top) == 1 and top[0]["document"] == {"text": TEXTS[0]}, top)
refused("no documents", lambda: rerank(documents=[]), code="invalid_value", says="documents")

# What the model can do.
card = client.models.retrieve(model)
check("its capabilities are listed", {"embeddings", "rerank"} <= set(card.model_extra["capabilities"]), card)


# Company.
async def company():
    many = openai.AsyncOpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, timeout=120)
    return await asyncio.gather(*[
        many.embeddings.create(model=model, input=TEXTS[i % 3], encoding_format="float") for i in range(24)])


check("the same vectors in company", all(
    r.data[0].embedding == vectors[i % 3] for i, r in enumerate(asyncio.run(company()))))
finish()
