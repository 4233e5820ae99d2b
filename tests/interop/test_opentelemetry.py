"""Exemplars from the real OpenTelemetry SDK, in a process of its own, which it changes for good."""

from __future__ import annotations

import pytest
from child import result_of
from programs import exemplars

pytestmark = pytest.mark.interop


def test_the_current_span_marks_what_is_recorded_in_it() -> None:
    result = result_of(exemplars.record_in_spans)
    labels = {"trace_id": result["trace"], "span_id": result["span"]}
    assert result["found"] == {"served_total": [labels, 2.0], "latency_seconds_bucket1.0": [labels, 0.5]}
