"""A program of the OpenTelemetry SDK with its Prometheus exporter, a collector in the default registry."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import REGISTRY, generate_latest


def queue_lengths(options: CallbackOptions) -> Iterable[Observation]:
    yield Observation(3, {"queue": "in"})
    yield Observation(0.5, {"queue": 'o"ut'})


def run() -> str:
    reader = PrometheusMetricReader()
    provider = MeterProvider([reader], resource=Resource({"service.name": "shop", "zone": "eu"}))
    meter = provider.get_meter("shop.orders", "1.0")
    orders = meter.create_counter("orders", unit="1", description="Orders by kind")
    orders.add(2, {"kind": "book", "paid.by": "card"})
    orders.add(1, {"kind": "pen", "paid.by": "cash"})
    meter.create_up_down_counter("carts", description="Carts now").add(-2)
    sizes = meter.create_histogram("order.size", unit="By", description="Bytes of an order")
    for size in (1, 30, 4000):
        sizes.record(size, {"kind": "book"})
    meter.create_observable_gauge("queue.length", [queue_lengths], description="Waiting")
    text = generate_latest(REGISTRY).decode()
    provider.shutdown()
    return text
