"""What a client may ask of a model through Lapwing with the openai package, each a check that gives its answer's verdict.

A check gets the client and the model's name. It returns nothing where all is as it should be, raises `openai.BadRequestError`
where the request was refused, and fails an assertion where neither is so.
"""

import json

import openai

TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "The weather now",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
                   "additionalProperties": False}}}]
SCHEMA = {"type": "json_schema", "json_schema": {
    "name": "place", "strict": True,
    "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
               "additionalProperties": False}}}
PIXEL = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5E"
         "rkJggg==")


class Surfaces:
    """`exact` says whether the model's answers are known, as those of a scripted one are."""

    def __init__(self, client, model, exact=True):
        self.client, self.model, self.exact = client, model, exact

    def ask(self, text="Hi", **options):
        messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
        settings = {"model": self.model, "messages": messages, "max_tokens": 32 if self.exact else 3} | options
        return self.client.chat.completions.create(**settings)

    def said(self, answer, text):
        assert answer == text if self.exact else isinstance(answer, str), answer

    def streamed(self, text="Hi", **options):
        """The text, the calls and the thoughts of a stream, and why it ended."""
        chunks = list(self.ask(text, stream=True, stream_options={"include_usage": True}, **options))
        deltas = [c.choices[0].delta for c in chunks if c.choices]
        calls = {}
        for part in (p for d in deltas for p in d.tool_calls or []):
            call = calls.setdefault(part.index, {"id": part.id, "name": part.function.name, "arguments": ""})
            call["arguments"] += part.function.arguments or ""
        reasons = [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]
        assert len(reasons) == 1 and chunks[-1].usage.prompt_tokens > 0, chunks[-1]
        thoughts = "".join((d.model_extra or {}).get("reasoning_content") or "" for d in deltas)
        return "".join(d.content or "" for d in deltas), list(calls.values()), thoughts, reasons[0]

    def chat(self):
        answer = self.ask([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
        self.said(answer.choices[0].message.content, "Hello, world")
        assert answer.usage.completion_tokens > 0, answer

    def chat_streamed(self):
        text, _, _, reason = self.streamed()
        self.said(text, "Hello, world")
        assert reason in ("stop", "length"), reason

    def tools(self):
        answer = self.ask("Weather in Bern?", tools=TOOLS, tool_choice="auto")
        if not self.exact:
            return
        call = answer.choices[0].message.tool_calls[0]
        assert json.loads(call.function.arguments) == {"city": "Bern"} and call.function.name == "weather", answer
        assert answer.choices[0].finish_reason == "tool_calls" and answer.choices[0].message.content is None, answer

    def tools_streamed(self):
        _, calls, _, reason = self.streamed("Weather in Bern?", tools=TOOLS, parallel_tool_calls=False)
        if not self.exact:
            return
        assert [json.loads(c["arguments"]) for c in calls] == [{"city": "Bern"}] and calls[0]["id"], calls
        assert reason == "tool_calls", reason

    def tool_results(self):
        call = {"id": "call_9", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}}
        answer = self.ask([
            {"role": "user", "content": "Weather in Bern?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_9", "content": "21"}], tools=TOOLS)
        self.said(answer.choices[0].message.content, "It is 21.")

    def image(self):
        parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
        self.said(self.ask([{"role": "user", "content": parts}]).choices[0].message.content, "A red square.")

    def json_schema(self):
        text = self.ask("A city, as JSON.", response_format=SCHEMA, max_tokens=64).choices[0].message.content
        assert list(json.loads(text)) == ["city"] if self.exact else text.lstrip().startswith("{"), text

    def json_object(self):
        text = self.ask("A city, as JSON.", response_format={"type": "json_object"})
        if self.exact:
            assert json.loads(text.choices[0].message.content) == {"city": "Bern"}, text

    def thoughts(self):
        text, _, thoughts, _ = self.streamed("think")
        whole = self.ask("think").choices[0].message
        if self.exact:
            assert (text, thoughts) == ("Four.", "Two and two."), (text, thoughts)
            assert whole.content == text and whole.model_extra["reasoning_content"] == thoughts, whole

    def reasoning_effort(self):
        self.said(self.ask(reasoning_effort="low").choices[0].message.content, "Hello, world")

    def logprobs(self):
        answer = self.ask(logprobs=True, top_logprobs=2)
        tokens = answer.choices[0].logprobs.content
        assert tokens and all(t.logprob <= 0 and len(t.top_logprobs) == 2 for t in tokens), answer

    def several(self):
        assert [c.index for c in self.ask(n=2).choices] == [0, 1]

    def seed(self):
        self.said(self.ask(seed=7).choices[0].message.content, "Hello, world")

    def top_k(self):
        self.said(self.ask(extra_body={"top_k": 5}).choices[0].message.content, "Hello, world")

    def completions(self):
        answer = self.client.completions.create(model=self.model, prompt="Say", max_tokens=3)
        self.said(answer.choices[0].text, "Hello, world")

    def completions_streamed(self):
        chunks = self.client.completions.create(model=self.model, prompt=["Say"], max_tokens=3, stream=True, logprobs=1)
        self.said("".join(c.choices[0].text for c in chunks if c.choices), "Hello, world")

    def token_ids(self):
        answer = self.client.completions.create(model=self.model, prompt=[1, 2, 3], max_tokens=3)
        self.said(answer.choices[0].text, "Hello, world")

    def embeddings(self):
        answer = self.client.embeddings.create(model=self.model, input=["a", "b"])
        assert len(answer.data) == 2 and len(answer.data[0].embedding) >= 4, answer

    def rerank(self):
        body = {"model": self.model, "query": "q", "documents": ["a", "b"]}
        ranked = self.client.post("/rerank", cast_to=object, body=body)["results"]
        assert sorted(r["index"] for r in ranked) == [0, 1], ranked

    def errors(self):
        """Each fault of the upstream's has its own status and code here, streamed or not, and is never a whole answer."""
        for stream in (False, True):
            self.fails("fail 400", 400, "invalid_value", stream)
            self.fails("fail length", 400, "context_length_exceeded", stream)
            self.fails("fail 401", 502, "upstream_failed", stream)
            self.fails("fail 500", 502, "upstream_failed", stream)
        try:
            self.streamed("cut")
        except openai.APIError as error:
            assert error.body["code"] == "upstream_failed", error.body
        else:
            raise AssertionError("half an answer was taken for a whole one")
        # The last, as it is left alone for so long.
        headers = self.fails("fail 429", 429, "rate_limit_exceeded", stream=True)
        assert headers["retry-after"] == "7", headers

    def fails(self, text, status, code, stream):
        try:
            list(self.ask(text, stream=stream))
        except openai.APIStatusError as error:
            found = (error.status_code, error.body["code"])
            assert found == (status, code) and len(error.body["message"]) > 20, (text, found, error.body)
            return error.response.headers
        raise AssertionError(f"{text} was answered")


ALL = [
    ("chat", Surfaces.chat), ("chat, streamed", Surfaces.chat_streamed), ("tools", Surfaces.tools),
    ("tools, streamed", Surfaces.tools_streamed), ("results of tools", Surfaces.tool_results),
    ("images", Surfaces.image), ("JSON schema", Surfaces.json_schema), ("JSON object", Surfaces.json_object),
    ("thoughts (`reasoning_content`)", Surfaces.thoughts), ("`reasoning_effort`", Surfaces.reasoning_effort),
    ("`logprobs`", Surfaces.logprobs), ("`n`", Surfaces.several), ("`seed`", Surfaces.seed),
    ("`top_k`", Surfaces.top_k), ("completions", Surfaces.completions),
    ("completions, streamed, with `logprobs`", Surfaces.completions_streamed),
    ("completions of token ids", Surfaces.token_ids), ("embeddings", Surfaces.embeddings),
    ("rerank", Surfaces.rerank), ("errors and broken streams", Surfaces.errors),
]
