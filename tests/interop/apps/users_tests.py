"""Tests of a user's that count what they record themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import toolvitals as tv
from toolvitals.testing import isolated, snapshot


@pytest.fixture
def metrics() -> Iterator[tv.PerformanceMetricsCollector]:
    with isolated() as collector:
        yield collector


@pytest.mark.parametrize("number", range(30))
def test_counts_are_the_tests_own(metrics: tv.PerformanceMetricsCollector, number: int) -> None:
    with tv.start(json_port=0):
        for i in range(100):
            metrics.record_tool_call("search", latency_ms=1.0)
            assert snapshot()["tools"]["search"]["total_calls"] == i + 1
