"""Exemplars from the real OpenTelemetry SDK, in a process of its own, which it changes for good."""

from __future__ import annotations

import pytest
from child import result_of

pytestmark = pytest.mark.interop

PROGRAM = """
    import json
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
    from toolvitals.prometheus import REGISTRY, Counter, Histogram
    from toolvitals.prometheus.openmetrics.exposition import generate_latest
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    trace.set_tracer_provider(TracerProvider())
    tracer = trace.get_tracer("test")
    served = Counter("served", "Served.", ["path"])
    latency = Histogram("latency_seconds", "Latency.", buckets=(0.1, 1.0))
    unsampled = Counter("unsampled", "Recorded in a span that is not sampled.")
    outside = Counter("outside", "Recorded outside of any span.")

    with tracer.start_as_current_span("outer"):
        with tracer.start_as_current_span("inner") as span:
            served.labels("/").inc(2)
            latency.observe(0.5)
            context = span.get_span_context()
    outside.inc()
    with TracerProvider(sampler=ALWAYS_OFF).get_tracer("test").start_as_current_span("off"):
        unsampled.inc()

    families = text_string_to_metric_families(generate_latest(REGISTRY).decode())
    found = {
        sample.name + sample.labels.get("le", ""): [sample.exemplar.labels, sample.exemplar.value]
        for family in families for sample in family.samples if sample.exemplar
    }
    print(json.dumps({"found": found, "trace": f"{context.trace_id:032x}", "span": f"{context.span_id:016x}"}))
"""


def test_the_current_span_marks_what_is_recorded_in_it() -> None:
    result = result_of(PROGRAM)
    labels = {"trace_id": result["trace"], "span_id": result["span"]}
    assert result["found"] == {"served_total": [labels, 2.0], "latency_seconds_bucket1.0": [labels, 0.5]}
