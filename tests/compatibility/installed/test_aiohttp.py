"""aiohttp: handlers, middlewares, signals."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

FRAMEWORK = "aiohttp"
DISTRIBUTION = "aiohttp"


def ask(app: web.Application, *paths: str) -> list[Any]:
    """Status and text of each path."""

    async def main() -> list[Any]:
        async with TestClient(TestServer(app)) as client:
            answers = []
            for path in paths:
                async with client.get(path) as answer:
                    answers.append((answer.status, await answer.text()))
            return answers

    return asyncio.run(main())


@pytest.mark.calls(4)
def test_handlers(tool: Any) -> object:
    """A handler function, a bound method, a `web.View`, a handler of a route table."""

    @tool("function")
    async def function(request: web.Request) -> web.Response:
        return web.Response(text="function")

    class Pages:
        @tool("method")
        async def method(self, request: web.Request) -> web.Response:
            return web.Response(text="method")

    class Page(web.View):
        @tool("view")
        async def get(self) -> web.Response:
            return web.Response(text="view")

    table = web.RouteTableDef()

    @table.get("/table")
    @tool("table")
    async def of_table(request: web.Request) -> web.Response:
        raise web.HTTPNotFound(text="no such thing")

    app = web.Application()
    app.router.add_get("/function", function)
    app.router.add_get("/method", Pages().method)
    app.router.add_view("/view", Page)
    app.add_routes(table)
    return ask(app, "/function", "/method", "/view", "/table")


@pytest.mark.calls(4)
def test_surroundings(tool: Any) -> object:
    """A middleware, `on_startup`, `cleanup_ctx`, `on_response_prepare`."""
    seen: list[str] = []

    @web.middleware
    @tool("middleware")
    async def middleware(request: web.Request, handler: Any) -> Any:
        seen.append("middleware")
        return await handler(request)

    @tool("startup")
    async def startup(app: web.Application) -> None:
        seen.append("startup")

    @tool("context")
    async def context(app: web.Application) -> Any:
        seen.append("up")
        yield
        seen.append("down")

    @tool("prepare")
    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["x-seen"] = "yes"

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="page")

    app = web.Application(middlewares=[middleware])
    app.on_startup.append(startup)
    app.cleanup_ctx.append(context)
    app.on_response_prepare.append(prepare)
    app.router.add_get("/", page)
    return ask(app, "/"), seen
