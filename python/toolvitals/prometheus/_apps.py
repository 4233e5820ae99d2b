"""A registry as a WSGI application, and the answers that every kind of application and server gives."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from toolvitals.prometheus._negotiation import choose_encoder, gzip_accepted
from toolvitals.prometheus.registry import REGISTRY, Collector

__all__ = ["Answer", "WsgiApp", "answer", "bake_output", "make_wsgi_app"]

# HEAD goes with GET.
_ALLOW = ("Allow", "OPTIONS,GET")
_TEXT = ("Content-Type", "text/plain; charset=utf-8")

# Status, headers and body.
Answer = tuple[str, list[tuple[str, str]], bytes]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def make_wsgi_app(registry: Collector = REGISTRY, disable_compression: bool = False) -> WsgiApp:
    """A WSGI application that answers GET on every path with the registry's scrape.

    Format and gzip are negotiated; `name[]` in the query keeps only the samples of those names. Thread-safe.
    """

    def prometheus_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, headers, body = answer(
            registry,
            environ["REQUEST_METHOD"],
            environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", "").encode("latin-1"),
            environ.get("HTTP_ACCEPT"),
            environ.get("HTTP_ACCEPT_ENCODING"),
            disable_compression,
        )
        start_response(status, headers)
        return [body]

    return prometheus_app


def answer(
    registry: Collector,
    method: str,
    path: str,
    query: bytes,
    accept: str | None,
    accept_encoding: str | None,
    disable_compression: bool = False,
) -> Answer:
    """What a request is answered with. What a collector raises passes through."""
    if method == "OPTIONS":
        return "200 OK", [_TEXT, _ALLOW], b""
    if method not in ("GET", "HEAD"):
        body = f"# HTTP 405 Method Not Allowed: {method}; use OPTIONS or GET\n"
        return "405 Method Not Allowed", [_TEXT, _ALLOW], body.encode()
    if path == "/favicon.ico":
        return "200 OK", [_TEXT], b""
    names = parse_qs(query.decode("utf-8", "replace"))
    status, headers, scrape = bake_output(registry, accept, accept_encoding, names, disable_compression)
    if method == "HEAD":
        return status, [*headers, ("Content-Length", str(len(scrape)))], b""
    return status, headers, scrape


def bake_output(
    registry: Any,
    accept_header: str | None,
    accept_encoding_header: str | None,
    params: Mapping[str, Sequence[str]],
    disable_compression: bool,
) -> Answer:
    """The answer to a GET whose query is `params`. Programs that bring their own server call it by these names."""
    encoder, content_type = choose_encoder(accept_header)
    if "name[]" in params:
        registry = registry.restricted_registry(params["name[]"])
    body = encoder(registry)
    headers = [("Content-Type", content_type)]
    if not disable_compression and gzip_accepted(accept_encoding_header):
        body = gzip.compress(body)
        headers.append(("Content-Encoding", "gzip"))
    return "200 OK", headers, body
