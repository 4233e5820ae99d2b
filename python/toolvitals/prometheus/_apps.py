"""A registry as a WSGI or ASGI application, to be mounted in a service."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from toolvitals.prometheus._negotiation import choose_encoder, gzip_accepted
from toolvitals.prometheus.registry import Collector, CollectorRegistry

__all__ = ["make_asgi_app", "make_wsgi_app"]

_ALLOWED = ("OPTIONS", "GET")
_TEXT = ("Content-Type", "text/plain; charset=utf-8")

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
AsgiApp = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def make_wsgi_app(registry: Collector, disable_compression: bool = False) -> WsgiApp:
    """A WSGI application that answers GET on every path with the registry's scrape.

    Format and gzip are negotiated; `name[]` in the query keeps only the samples of those names. Thread-safe.
    """

    def prometheus_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, headers, body = _answer(
            registry,
            environ["REQUEST_METHOD"],
            environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            {"accept": environ.get("HTTP_ACCEPT", ""), "accept-encoding": environ.get("HTTP_ACCEPT_ENCODING", "")},
            disable_compression,
        )
        start_response(status, headers)
        return [body]

    return prometheus_app


def make_asgi_app(registry: Collector, disable_compression: bool = False) -> AsgiApp:
    """An ASGI application that answers as make_wsgi_app() does.

    On an asyncio loop the scrape is rendered in a thread of the loop's executor, so that the loop goes on meanwhile.
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
        query = scope.get("query_string", b"").decode("latin-1")
        request = (registry, scope["method"], scope.get("path", ""), query, headers, disable_compression)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            status, answer_headers, body = _answer(*request)
        else:
            status, answer_headers, body = await loop.run_in_executor(None, _answer, *request)
        start = {
            "type": "http.response.start",
            "status": int(status.split(" ", 1)[0]),
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer_headers],
        }
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return prometheus_app


def _answer(
    registry: Collector, method: str, path: str, query: str, headers: Mapping[str, str], disable_compression: bool
) -> Answer:
    if method == "OPTIONS":
        return "200 OK", [_TEXT, ("Allow", ",".join(_ALLOWED))], b""
    if method != "GET":
        body = f"# HTTP 405 Method Not Allowed: {method}; use OPTIONS or GET\n"
        return "405 Method Not Allowed", [_TEXT, ("Allow", ",".join(_ALLOWED))], body.encode()
    if path == "/favicon.ico":
        return "200 OK", [_TEXT], b""
    encoder, content_type = choose_encoder(headers.get("accept"))
    names = parse_qs(query).get("name[]")
    if names and isinstance(registry, CollectorRegistry):
        registry = registry.restricted_registry(names)
    body_bytes = encoder(registry)
    answer_headers = [("Content-Type", content_type)]
    if not disable_compression and gzip_accepted(headers.get("accept-encoding")):
        body_bytes = gzip.compress(body_bytes)
        answer_headers.append(("Content-Encoding", "gzip"))
    return "200 OK", answer_headers, body_bytes
