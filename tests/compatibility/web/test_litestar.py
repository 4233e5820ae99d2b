"""Litestar: handlers, dependencies, guards, hooks."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Controller, Litestar, Request, Response, WebSocket, get, post, websocket
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.testing import TestClient

FRAMEWORK = "Litestar"
DISTRIBUTION = "litestar"


@pytest.mark.calls(11)
def test_application(tool: Any) -> object:
    """Handlers, a controller's methods, dependencies, a guard, `before_request`, an exception handler."""
    seen: list[str] = []

    @tool("dependency")
    async def dependency(size: int = 3) -> int:
        return size

    @tool("guard")
    def guard(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
        seen.append("guard")

    @tool("before")
    async def before(request: Request) -> None:
        seen.append("before")

    @tool("failed")
    def failed(request: Request, error: Exception) -> Response:
        return Response({"lost": str(error)}, status_code=418)

    @get("/async/{number:int}")
    @tool("async")
    async def later(number: int) -> dict[str, int]:
        return {"number": number}

    @post("/sync", sync_to_thread=False)
    @tool("sync")
    def sync(data: dict[str, int]) -> dict[str, int]:
        return data

    @get("/fails")
    @tool("fails")
    async def fails() -> None:
        raise KeyError("key")

    class Pages(Controller):
        path = "/pages"
        dependencies = {"amount": Provide(dependency)}  # noqa: RUF012
        guards = [guard]  # noqa: RUF012

        @get()
        @tool("method")
        async def page(self, amount: int) -> int:
            return amount

    app = Litestar([later, sync, fails, Pages], exception_handlers={KeyError: failed}, before_request=before)
    with TestClient(app) as client:
        answers = [client.get("/async/3"), client.get("/pages?size=7"), client.get("/fails")]
        answers.append(client.post("/sync", json={"a": 1}))
        return [(answer.status_code, answer.text) for answer in answers], seen


@pytest.mark.calls(1)
def test_web_socket(tool: Any) -> object:
    """A WebSocket handler."""

    @websocket("/")
    @tool
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text((await socket.receive_text()).upper())
        await socket.close()

    with TestClient(Litestar([socket])) as client, client.websocket_connect("/") as session:
        session.send_text("hello")
        return session.receive_text()
