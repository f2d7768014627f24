"""Embeds with a running Lapwing that serves all-MiniLM-L6-v2 as `minilm` and, with weights as bytes, as `minilm-int8`.

    python Scripts/clients/minilm_client.py http://127.0.0.1:8080

Prints one line a check and ends with `N checks passed`; the first check that fails ends it with status 1.
"""

import sys

import openai

from checks import check, finish

base = sys.argv[1].rstrip("/")
client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, timeout=120)
QUERY = "How do I reset my password?"
DOCUMENTS = ["The parcel has not arrived.", "I forgot my password and cannot log in.", "Our office is closed on Sunday."]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def embed(model, **options):
    answer = client.embeddings.create(model=model, input=[QUERY] + DOCUMENTS, **options)
    return [e.embedding for e in answer.data]


floats, encoded, small = embed("minilm", encoding_format="float"), embed("minilm"), embed("minilm-int8")
check("384 numbers, as long as 1", all(len(v) == 384 and abs(dot(v, v) - 1) < 1e-4 for v in floats), len(floats[0]))
check("base64 gives the same", all(max(abs(a - b) for a, b in zip(v, w)) < 1e-6 for v, w in zip(floats, encoded)))
check("bytes give nearly the same", all(0.99 < dot(v, w) < 1 - 1e-7 for v, w in zip(floats, small)),
      [dot(v, w) for v, w in zip(floats, small)])
scores = [dot(floats[0], v) for v in floats[1:]]
check("the document that answers is nearest", max(scores) == scores[1] > 0.5 > max(scores[0], scores[2]), scores)
for model in ("minilm", "minilm-int8"):
    ranked = client.post("/../v2/rerank", cast_to=object, body={
        "model": model, "query": QUERY, "documents": DOCUMENTS, "top_n": 2})["results"]
    check(f"{model} ranks it first", [r["index"] for r in ranked][0] == 1 and len(ranked) == 2, ranked)
try:
    client.embeddings.create(model="minilm", input="word " * 600)
except openai.BadRequestError as error:
    check("a text over its 512 positions is refused", error.code == "context_length_exceeded", error.body)
else:
    sys.exit("FAILED a text over its 512 positions: it was accepted")
try:
    client.chat.completions.create(model="minilm", messages=[{"role": "user", "content": "Hello"}])
except openai.BadRequestError as error:
    check("chat is refused with what it serves", "embeddings" in error.body["message"], error.body)
else:
    sys.exit("FAILED chat with an encoder: it was accepted")
finish()
