"""`promtool check metrics` has nothing to say about a scrape."""

from __future__ import annotations

import gc
import subprocess

import prometheus_server
import pytest
import scrapes
from everything import service

import toolvitals

pytestmark = pytest.mark.interop


def complaints(text: str) -> set[str]:
    """What promtool says, warnings included."""
    command = [prometheus_server.program("promtool"), "check", "metrics"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    return set(done.stderr.splitlines())


def test_a_scrape_before_any_record_is_clean(prometheus_url: str) -> None:
    text = scrapes.fetch(prometheus_url)
    scrapes.parse(text)
    assert complaints(text) == set()


def test_a_scrape_of_everything_is_clean(prometheus_url: str) -> None:
    collector = toolvitals.get_collector()
    for success, error_type in ((True, None), (False, "TimeoutError"), (False, None)):
        collector.record_tool_call("checked", success=success, latency_ms=1.5, error_type=error_type)
    collector.tool('quo"ted\nname\\').record_cancellation(2.0)
    collector.record_tool_call("", success=True, latency_ms=1.0)
    cache = collector.cache("checked")
    for record in (cache.record_hit, cache.record_miss, cache.record_eviction, cache.record_size_rejection):
        record()
    gc.collect()
    with toolvitals.track("running"):
        text = scrapes.fetch(prometheus_url)
    families = scrapes.parse(text)
    assert {"tool_calls", "tool_call_duration_seconds", "tool_calls_in_progress", "cache_requests"} <= families.keys()
    assert complaints(text) == set()


@pytest.mark.parametrize("namespace", [None, "shop"])
def test_a_scrape_of_a_service_with_everything_is_clean(namespace: str | None) -> None:
    settings = {} if namespace is None else {"METRICS_NAMESPACE": namespace}
    with service(TOOLVITALS_DIR="yes", **settings) as url:
        text = scrapes.fetch(url)
    scrapes.parse(text)
    assert complaints(text) == set()


def test_the_old_name_of_a_label_can_be_kept() -> None:
    with service(METRICS_WINDOW_LABEL="quantile") as url:
        text = scrapes.fetch(url)
    assert 'tool_first_item_latency_window_seconds{tool="items",quantile="0.99"}' in text
    windows = [f"tool_{name}_latency_window_seconds" for name in ("call", "first_item")]
    assert complaints(text) == {f'{name} non-summary metrics should not have "quantile" label' for name in windows}
