"""A FastAPI service with prometheus-fastapi-instrumentator and all the metrics it offers."""

from __future__ import annotations

from asgi_requests import ask
from fastapi import FastAPI, HTTPException
from prometheus_fastapi_instrumentator import Instrumentator, metrics


def run() -> str:
    app = FastAPI()

    @app.get("/items/{item}")
    async def read(item: int) -> dict[str, int]:
        if item > 9:
            raise HTTPException(404)
        return {"item": item}

    @app.post("/fail")
    async def fail() -> None:
        raise RuntimeError("on purpose")

    instrumentator = Instrumentator(
        should_group_status_codes=False,
        should_instrument_requests_inprogress=True,
        inprogress_name="in_progress",
        inprogress_labels=True,
        excluded_handlers=["/metrics"],
    )
    instrumentator.add(metrics.default(metric_namespace="shop", metric_subsystem="web"))
    instrumentator.add(metrics.request_size(metric_name="plain_request_size_bytes"))
    instrumentator.add(metrics.response_size(metric_name="plain_response_size_bytes"))
    instrumentator.add(metrics.combined_size())
    instrumentator.add(metrics.latency(metric_name="plain_latency_seconds", buckets=(0.5, 10)))
    instrumentator.add(metrics.requests(metric_name="plain_requests_total"))
    instrumentator.instrument(app).expose(app)
    ask(app, ("GET", "/items/1"), ("GET", "/items/2"), ("GET", "/items/10"), ("GET", "/items/x"), ("POST", "/fail"))
    return ask(app, ("GET", "/nowhere"), ("GET", "/metrics"))[-1].text
