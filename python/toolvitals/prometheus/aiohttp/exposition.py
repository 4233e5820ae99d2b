"""A registry as a handler of aiohttp's server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from toolvitals.prometheus._apps import answer
from toolvitals.prometheus.registry import REGISTRY, Collector

__all__ = ["make_aiohttp_handler"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_aiohttp_handler(registry: Collector = REGISTRY, disable_compression: bool = False) -> Handler:
    """A handler that answers as make_wsgi_app() does: `app.router.add_get("/metrics", make_aiohttp_handler())`.

    Collectors are asked on the event loop, as make_asgi_app() asks them.
    """

    async def prometheus_handler(request: web.Request) -> web.Response:
        status, headers, body = answer(
            registry,
            request.method,
            request.path,
            request.rel_url.raw_query_string.encode(),
            ",".join(request.headers.getall(hdrs.ACCEPT, [])),
            ",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, [])),
            disable_compression,
        )
        return web.Response(status=int(status.split(" ", 1)[0]), headers=headers, body=body)

    return prometheus_handler
