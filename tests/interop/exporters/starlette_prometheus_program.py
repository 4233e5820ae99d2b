"""A Starlette service with starlette_prometheus, whose metrics are the module's."""

from __future__ import annotations

from asgi_requests import ask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette_prometheus import PrometheusMiddleware, metrics


def run() -> str:
    def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    def fail(request: Request) -> PlainTextResponse:
        raise ValueError("on purpose")

    app = Starlette(routes=[Route("/hello", hello), Route("/fail", fail), Route("/metrics", metrics)])
    app.add_middleware(PrometheusMiddleware)
    ask(app, ("GET", "/hello"), ("GET", "/hello"), ("GET", "/fail"), ("GET", "/nowhere"))
    return ask(app, ("GET", "/metrics"))[0].text
