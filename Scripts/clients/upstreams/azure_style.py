"""Azure OpenAI: OpenAI's API, with the deployment and the version in the address and the key in a header of its own."""

from . import openai_style
from .scripted import start

KEY, DEPLOYMENT, VERSION = "azure-key", "gpt-here", "2024-10-21"


def enter(headers):
    assert "authorization" not in headers, headers
    openai_style.enter(headers, "api-key", KEY)


def serve():
    routes = {}
    for name in ("chat", "completions", "embeddings"):
        function = getattr(openai_style, name)
        path = "chat/completions" if name == "chat" else name
        def route(headers, body, function=function):
            return function(headers, body, enter)
        routes[f"/openai/deployments/{DEPLOYMENT}/{path}?api-version={VERSION}"] = route
        # The newer form, without a version.
        routes[f"/openai/v1/{path}"] = route
    return start(routes)
