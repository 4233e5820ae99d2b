"""A registry as an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from toolvitals.prometheus._apps import answer
from toolvitals.prometheus.registry import REGISTRY, Collector

__all__ = ["make_asgi_app"]

AsgiApp = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def make_asgi_app(registry: Collector = REGISTRY, disable_compression: bool = False) -> AsgiApp:
    """An ASGI application that answers as make_wsgi_app() does.

    Collectors are asked on the event loop, as prometheus_client asks them: they may use what belongs to the loop, such
    as `asyncio.all_tasks()`, and no scrape waits for threads that the program has other work for. The loop stands still
    meanwhile, so collectors that take their time belong to the native endpoint.
    """

    async def prometheus_app(
        scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            raise ValueError(f"the metrics are served over HTTP, not over {scope['type']!r}")
        headers: dict[str, str] = {}
        for raw_name, value in scope["headers"]:
            name = raw_name.decode("latin-1").lower()
            headers[name] = ",".join(filter(None, [headers.get(name), value.decode("latin-1")]))
        status, answer_headers, body = answer(
            registry,
            scope["method"],
            scope.get("path", ""),
            scope.get("query_string", b""),
            headers.get("accept"),
            headers.get("accept-encoding"),
            disable_compression,
        )
        start = {
            "type": "http.response.start",
            "status": int(status.split(" ", 1)[0]),
            # The specification wants names in lower case.
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer_headers],
        }
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return prometheus_app
