"""Records inside and outside of spans of the OpenTelemetry SDK, which changes its process for good."""

from __future__ import annotations

from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from toolvitals.prometheus import REGISTRY, Counter, Histogram
from toolvitals.prometheus.openmetrics.exposition import generate_latest


def record_in_spans() -> dict[str, Any]:
    # Not in the process of the tests, which only names this function.
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    trace.set_tracer_provider(TracerProvider())
    tracer = trace.get_tracer("test")
    served = Counter("served", "Served.", ["path"])
    latency = Histogram("latency_seconds", "Latency.", buckets=(0.1, 1.0))
    unsampled = Counter("unsampled", "Recorded in a span that is not sampled.")
    outside = Counter("outside", "Recorded outside of any span.")
    with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner") as span:
        served.labels("/").inc(2)
        latency.observe(0.5)
        context = span.get_span_context()
    outside.inc()
    with TracerProvider(sampler=ALWAYS_OFF).get_tracer("test").start_as_current_span("off"):
        unsampled.inc()
    parse: Any = text_string_to_metric_families
    families = parse(generate_latest(REGISTRY).decode())
    samples = [sample for family in families for sample in family.samples if sample.exemplar]
    return {
        "found": {
            sample.name + sample.labels.get("le", ""): [sample.exemplar.labels, sample.exemplar.value]
            for sample in samples
        },
        "trace": f"{context.trace_id:032x}",
        "span": f"{context.span_id:016x}",
    }
