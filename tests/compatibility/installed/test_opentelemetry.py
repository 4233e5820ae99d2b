"""OpenTelemetry: spans around tools and in them, observable instruments."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

FRAMEWORK = "OpenTelemetry"
DISTRIBUTION = "opentelemetry-sdk"


@pytest.mark.calls(4)
def test_spans(tool: Any) -> object:
    """`start_as_current_span` as a decorator over tools and under them, sync and async; which span is whose parent."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("compatibility")

    @tracer.start_as_current_span("outer")
    @tool("outer")
    def outer() -> int:
        return inner()

    @tool("inner")
    @tracer.start_as_current_span("inner")
    def inner() -> int:
        return 1

    @tracer.start_as_current_span("async_outer")
    @tool("async_outer")
    async def async_outer() -> int:
        await asyncio.sleep(0)
        return await async_inner()

    @tool("async_inner")
    @tracer.start_as_current_span("async_inner")
    async def async_inner() -> int:
        await asyncio.sleep(0)
        return 2

    said = outer(), asyncio.run(async_outer())
    spans = exporter.get_finished_spans()
    names = {span.context.span_id: span.name for span in spans}
    return said, [(span.name, span.parent and names[span.parent.span_id]) for span in spans]


@pytest.mark.calls(2)
def test_observable(tool: Any) -> object:
    """Callbacks of observable instruments: a function and a generator that are tools."""
    from opentelemetry.metrics import Observation

    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader]).get_meter("compatibility")
    meter.create_observable_gauge("one", [tool("function")(lambda options: [Observation(1)])])

    @tool("generator")
    def generator(options: Any) -> Any:
        yield Observation(2)

    meter.create_observable_gauge("two", [generator])
    metrics = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    return sorted((metric.name, metric.data.data_points[0].value) for metric in metrics)
