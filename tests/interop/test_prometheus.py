"""The real Prometheus scrapes a running server and answers queries with the recorded totals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import prometheus_server
import pytest
import scrapes
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from waiting import wait_until
from web import fetch

import toolvitals

pytestmark = pytest.mark.interop

NAMES = ("search", 'quo"ted', "back\\slash", "new\nline", "ключ", "tool with spaces")


def record() -> None:
    """Calls of every outcome, under names that have to be escaped."""
    collector = toolvitals.get_collector()
    for number, name in enumerate(NAMES, start=1):
        for _ in range(10 * number):
            collector.record_tool_call(name, success=True, latency_ms=12.5)
        for _ in range(number):
            collector.record_tool_call(name, success=False, latency_ms=3.0, error_type="TimeoutError")
        collector.tool(name).record_cancellation(1.0)
    for _ in range(3):
        collector.record_cache_hit("semantic")
    collector.record_cache_miss("semantic")


def test_queries_give_the_recorded_totals(endpoints: Any, prometheus_url: str, tmp_path: Path) -> None:
    record()
    scrapes.scrape(prometheus_url)
    with prometheus_server.running(f"127.0.0.1:{endpoints.prometheus_port}", tmp_path) as prometheus:
        is_scraped = "sum(tool_calls_total{tool='search'})"
        wait_until(lambda: prometheus.query(is_scraped) == {(): 12.0}, "the calls are scraped")
        assert prometheus.target()["health"] == "up"
        assert prometheus.target()["lastError"] == ""
        calls = prometheus.query("sum by (outcome, tool) (tool_calls_total) > 0")
        assert calls == {
            **{("success", name): 10.0 * number for number, name in enumerate(NAMES, start=1)},
            **{("error", name): float(number) for number, name in enumerate(NAMES, start=1)},
            **{("cancelled", name): 1.0 for name in NAMES},
        }
        errors = prometheus.query("sum by (error_type, tool) (tool_call_errors_total) > 0")
        assert errors == {("TimeoutError", name): float(number) for number, name in enumerate(NAMES, start=1)}
        histogram = prometheus.query("sum by (tool) (tool_call_duration_seconds_count) > 0")
        assert histogram == {(name,): 11.0 * number + 1 for number, name in enumerate(NAMES, start=1)}
        seconds = prometheus.query('tool_call_duration_seconds_sum{tool="search"}')
        assert list(seconds.values()) == [pytest.approx(10 * 0.0125 + 0.003 + 0.001)]
        assert prometheus.query('sum by (result) (cache_requests_total{cache="semantic"})') == {
            ("hit",): 3.0,
            ("miss",): 1.0,
        }
        assert list(prometheus.query('cache_hit_ratio{cache="semantic"}').values()) == [0.75]

        toolvitals.get_collector().record_tool_call("search", success=True, latency_ms=1.0)
        wait_until(lambda: prometheus.query(is_scraped) == {(): 13.0}, "a later call is scraped")
        assert sum(scrapes.calls(prometheus_url).values()) == sum(calls.values()) + 1


def test_prometheus_knows_types_and_help(endpoints: Any, prometheus_url: str, tmp_path: Path) -> None:
    record()
    # OpenMetrics is what it asks for first, where a counter's family is named without `_total`.
    families = text_string_to_metric_families(fetch(prometheus_url, Accept="application/openmetrics-text").text)
    expected = {family.name: family.type for family in families}
    with prometheus_server.running(f"127.0.0.1:{endpoints.prometheus_port}", tmp_path) as prometheus:
        # Prometheus notes each family while it still reads the scrape, so it may know but a part of them at first.
        wait_until(lambda: len(prometheus.get("metadata")) >= len(expected), "the metadata is scraped")
        metadata = prometheus.get("metadata")
    assert {name: entries[0]["type"] for name, entries in metadata.items()} == expected
    assert all(entries[0]["help"] for entries in metadata.values())
