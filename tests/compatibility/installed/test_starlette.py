"""Starlette: routes, WebSockets, middleware, lifespan."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

FRAMEWORK = "Starlette"
DISTRIBUTION = "starlette"


@pytest.mark.calls(3)
def test_routes(tool: Any) -> object:
    """`Route`: a sync and an async endpoint, and a bound method; their names and methods."""

    @tool("async_endpoint")
    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"async {request.path_params['a']}")

    @tool("sync_endpoint")
    def sync_endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse("sync")

    class Pages:
        @tool("method")
        async def page(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse("method")

    routes = [
        Route("/async/{a}", endpoint),
        Route("/sync", sync_endpoint),
        Mount("/in", routes=[Route("/method", Pages().page)]),
    ]
    client = TestClient(Starlette(routes=routes))
    paths = ("/async/1", "/sync", "/in/method", "/none")
    answers = [client.get(path) for path in paths] + [client.post("/sync")]
    return [(answer.status_code, answer.text) for answer in answers], [(r.name, sorted(r.methods)) for r in routes[:2]]


@pytest.mark.calls(1)
def test_web_socket_route(tool: Any) -> object:
    """`WebSocketRoute` with a coroutine function."""

    @tool
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text((await websocket.receive_text()).upper())
        await websocket.close()

    with TestClient(Starlette(routes=[WebSocketRoute("/", socket)])).websocket_connect("/") as session:
        session.send_text("hello")
        return session.receive_text()


@pytest.mark.calls(2)
def test_endpoint_class(tool: Any) -> object:
    """`HTTPEndpoint` with a sync and an async method."""

    class Page(HTTPEndpoint):
        @tool("get")
        async def get(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse("get")

        @tool("post")
        def post(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse("post")

    client = TestClient(Starlette(routes=[Route("/", Page)]))
    return [each.text for each in (client.get("/"), client.post("/"), client.put("/"))]


@pytest.mark.calls(6)
def test_surroundings(tool: Any) -> object:
    """Lifespan, exception handler, `BaseHTTPMiddleware` dispatch, background task, streaming of a generator."""
    seen = []

    @contextlib.asynccontextmanager
    @tool("lifespan")
    async def lifespan(app: Starlette) -> Any:
        seen.append("up")
        yield {"ready": True}
        seen.append("down")

    @tool("dispatch")
    async def dispatch(request: Request, call_next: Any) -> Any:
        answer = await call_next(request)
        answer.headers["x-seen"] = "yes"
        return answer

    @tool("handler")
    async def handler(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("handled", 418)

    @tool("pieces")
    async def pieces() -> Any:
        for piece in "abc":
            yield piece

    async def page(request: Request) -> StreamingResponse:
        if "fail" in request.query_params:
            raise HTTPException(400)
        return StreamingResponse(pieces(), background=BackgroundTask(tool("task")(seen.append), "task"))

    app = Starlette(
        routes=[Route("/", page)],
        lifespan=lifespan,
        exception_handlers={HTTPException: handler},
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=dispatch)],
    )
    with TestClient(app) as client:
        answers = [client.get("/"), client.get("/?fail=1")]
    return [(each.status_code, each.text, each.headers["x-seen"]) for each in answers], seen


@pytest.mark.calls(1)
def test_asgi_function(tool: Any) -> object:
    """An ASGI application that is a tool, mounted and called."""

    @tool
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("mounted")(scope, receive, send)

    return TestClient(Starlette(routes=[Mount("/", application)])).get("/").text
