"""A Starlette service with starlette_exporter: own labels, buckets and exemplars."""

from __future__ import annotations

from asgi_requests import ask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette_exporter import PrometheusMiddleware, from_header, handle_metrics, handle_openmetrics


def run() -> str:
    def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"hello {request.path_params['name']}")

    def fail(request: Request) -> PlainTextResponse:
        raise RuntimeError("on purpose")

    app = Starlette(
        routes=[
            Route("/hello/{name}", hello),
            Route("/fail", fail),
            Route("/metrics", handle_metrics),
            Route("/openmetrics", handle_openmetrics),
        ]
    )
    app.add_middleware(
        PrometheusMiddleware,
        app_name="greeter",
        prefix="svc",
        group_paths=True,
        buckets=[0.1, 5, 60],
        labels={"client": from_header("X-Client"), "zone": "eu"},
        exemplars=lambda: {"trace_id": "0af7651916cd43dd"},
        skip_paths=["/metrics"],
        always_use_int_status=True,
        optional_metrics=["response_body_size", "request_body_size"],
    )
    hello_twice = ("GET", "/hello/ann"), ("GET", "/hello/bob")
    ask(app, *hello_twice, ("GET", "/fail"), ("GET", "/nowhere"), headers={"X-Client": 'a "b"\\'})
    text, openmetrics = ask(app, ("GET", "/metrics"), ("GET", "/openmetrics"))
    assert "0af7651916cd43dd" in openmetrics.text
    return text.text
