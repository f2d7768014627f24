"""The anthropic package against the scripted server in Anthropic's style: what the package takes for the API, ours is."""

import anthropic

from checks import check
from upstreams import anthropic_style

TOOL = {"name": "weather", "description": "now", "input_schema": {"type": "object", "properties": {}}}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


def run(url):
    client = anthropic.Anthropic(base_url=url, api_key=anthropic_style.KEY, max_retries=0)

    def ask(text="Hi", **options):
        return {"model": "claude-x", "max_tokens": 64, "messages": [{"role": "user", "content": text}]} | options

    whole = client.messages.create(**ask())
    check("anthropic: a message", whole.content[0].text == "Hello, world" and whole.stop_reason == "end_turn", whole)
    with client.messages.stream(**ask()) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    check("anthropic: a stream", text == "Hello, world" and final.stop_reason == "end_turn", final)
    check("anthropic: usage", final.usage.output_tokens == 4 and final.usage.cache_read_input_tokens == 2, final.usage)
    with client.messages.stream(**ask(tools=[TOOL])) as stream:
        final = stream.get_final_message()
    use = final.content[0]
    check("anthropic: a tool", use.type == "tool_use" and use.input == {"city": "Bern"}, final)
    results = [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": final.content},
               {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "21"}]}]
    check("anthropic: its result", client.messages.create(**ask(messages=results)).content[0].text == "It is 21.")
    with client.messages.stream(**ask("think")) as stream:
        final = stream.get_final_message()
    check("anthropic: a thought", [b.type for b in final.content] == ["thinking", "text"], final)
    image = [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}]
    check("anthropic: an image", client.messages.create(**ask(image)).content[0].text == "A red square.")
    schema = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    check("anthropic: a schema", client.messages.create(**ask(output_config=schema)).content[0].text.startswith("{"))
    for text, kind in [("fail 400", anthropic.BadRequestError), ("fail 401", anthropic.AuthenticationError),
                       ("fail 429", anthropic.RateLimitError), ("fail 500", anthropic.InternalServerError)]:
        try:
            client.messages.create(**ask(text))
        except kind as error:
            check(f"anthropic: {text}", error.body["error"]["message"], error.body)
        else:
            check(f"anthropic: {text}", False, "it was accepted")
