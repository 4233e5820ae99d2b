"""HTTPX: event hooks, authentication flows, transports."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

FRAMEWORK = "HTTPX"
DISTRIBUTION = "httpx"


class Token(httpx.Auth):
    """A flow whose tool is given by each test."""

    def __init__(self, flow: Any) -> None:
        self.flow = flow

    def auth_flow(self, request: httpx.Request) -> Any:
        """A generator of requests, that is sent responses."""
        return self.flow(request)


@pytest.mark.calls(8)
def test_client(tool: Any) -> object:
    """A `MockTransport` handler, event hooks and an authentication flow, sync and async."""
    seen: list[str] = []

    def flow(request: httpx.Request) -> Any:
        request.headers["authorization"] = "first"
        answer = yield request
        seen.append(str(answer.status_code))

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.headers["authorization"])

    async def async_handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, text=request.headers["authorization"])

    async def async_hook(response: httpx.Response) -> None:
        seen.append("async hook")

    hook = tool("hook")(lambda response: seen.append("hook"))
    auth = Token(tool("flow")(flow))
    transport = httpx.MockTransport(tool("handler")(handler))
    with httpx.Client(transport=transport, auth=auth, event_hooks={"response": [hook]}) as client:
        said = client.get("http://x").text

    async def main() -> str:
        transport = httpx.MockTransport(tool("async_handler")(async_handler))
        hooks = {"response": [tool("async_hook")(async_hook)]}
        async with httpx.AsyncClient(transport=transport, auth=auth, event_hooks=hooks) as client:
            return (await client.get("http://x")).text

    asgi = httpx.ASGITransport(tool("asgi")(application))

    async def ask() -> str:
        async with httpx.AsyncClient(transport=asgi) as client:
            return (await client.get("http://x")).text

    wsgi = httpx.WSGITransport(tool("wsgi")(wsgi_application))
    return said, asyncio.run(main()), asyncio.run(ask()), httpx.Client(transport=wsgi).get("http://x").text, seen


async def application(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"asgi"})


def wsgi_application(environ: Any, start_response: Any) -> list[bytes]:
    """A WSGI application."""
    start_response("200 OK", [])
    return [b"wsgi"]
