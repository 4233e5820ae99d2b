"""ASGI applications served by uvicorn in a thread, on a free port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from mcp.server import Server
from mcp.server.sse import SseServerTransport
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

__all__ = ["serve", "sse_app", "streamable_app"]


@contextmanager
def serve(app: Any) -> Iterator[str]:
    """Serves the application; the address without a path."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def streamable_app(server: Any) -> Any:
    """The server's streamable HTTP application, at /mcp."""
    return server.streamable_http_app() if hasattr(server, "streamable_http_app") else server.http_app(path="/mcp")


def sse_app(server: Any) -> Any:
    """The server's SSE application, at /sse."""
    if hasattr(server, "sse_app"):
        return server.sse_app()
    if hasattr(server, "http_app"):
        return server.http_app(path="/sse", transport="sse")
    return _low_level_sse_app(server)


def _low_level_sse_app(server: Server[Any]) -> Starlette:
    transport = SseServerTransport("/messages/")

    async def handle(request: Request) -> Response:
        async with transport.connect_sse(request.scope, request.receive, request._send) as (reads, writes):
            await server.run(reads, writes, server.create_initialization_options())
        return Response()

    return Starlette(routes=[Route("/sse", handle), Mount("/messages/", app=transport.handle_post_message)])
