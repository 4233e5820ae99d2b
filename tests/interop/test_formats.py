"""Every format of /metrics, read by readers that are not ours, says what the JSON says."""

from __future__ import annotations

import math
import urllib.parse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import prometheus_server
import pytest
from metric_family import decode
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from waiting import wait_until
from web import fetch

import toolvitals

pytestmark = pytest.mark.interop

NAMES = ("search", 'quo"ted', "back\\slash", "new\nline", "ключ", "tool with spaces", "😀")

TEXT = "text/plain;version=0.0.4"
TEXT1 = "text/plain;version=1.0.0;escaping=allow-utf-8"
OPENMETRICS = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def text_samples(families: Iterable[Metric]) -> Samples:
    """The samples by name and labels; fails where a series or a family is there twice."""
    samples: Samples = {}
    names = set()
    for family in families:
        assert family.name not in names
        names.add(family.name)
        for sample in family.samples:
            series = (sample.name, frozenset(sample.labels.items()))
            assert series not in samples
            samples[series] = sample.value
    return samples


def protobuf_samples(families: Iterable[Any]) -> Samples:
    """The same of protobuf, with the lines that a text format would have."""
    samples: Samples = {}
    names = set()

    def add(name: str, labels: frozenset[tuple[str, str]], value: float) -> None:
        assert (name, labels) not in samples
        samples[name, labels] = value

    for family in families:
        assert family.name not in names
        names.add(family.name)
        kind = {0: "counter", 1: "gauge", 2: "summary", 4: "histogram"}[family.type]
        for metric in family.metric:
            labels = frozenset((label.name, label.value) for label in metric.label)
            assert len(labels) == len(metric.label)
            assert metric.HasField(kind)
            value = getattr(metric, kind)
            if kind in ("counter", "gauge"):
                add(family.name, labels, value.value)
                continue
            add(f"{family.name}_count", labels, value.sample_count)
            add(f"{family.name}_sum", labels, value.sample_sum)
            if kind == "histogram":
                for bucket in value.bucket:
                    add(f"{family.name}_bucket", labels | {("le", repr(bucket.upper_bound))}, bucket.cumulative_count)
                add(f"{family.name}_bucket", labels | {("le", "+Inf")}, value.sample_count)
    return samples


def samples_of(url: str, accept: str) -> Samples:
    """What a format says, read by its independent reader."""
    body = fetch(url, Accept=accept).content
    if accept == PROTOBUF:
        return protobuf_samples(decode(body))
    return text_samples((parse_openmetrics if accept == OPENMETRICS else parse_text)(body.decode()))


def record() -> None:
    """Calls of every outcome, under names that have to be escaped."""
    collector = toolvitals.get_collector()
    for number, name in enumerate(NAMES, start=1):
        for call in range(10 * number):
            collector.record_tool_call(name, success=True, latency_ms=12.5 * (call + 1))
        for _ in range(number):
            collector.record_tool_call(name, success=False, latency_ms=3.0, error_type=f"{name}Error")
        collector.tool(name).record_cancellation(1.0)
    for _ in range(3):
        collector.record_cache_hit("semantic")
    collector.record_cache_miss("semantic")


def recorded(samples: Samples) -> Samples:
    """The samples of tools and caches, which are what they were until something is recorded."""
    return {series: value for series, value in samples.items() if series[0].startswith(("tool_", "cache_"))}


def recorded_in(everything: Any) -> Samples:
    """The same, but for the buckets, made of the JSON."""
    samples: Samples = {}

    def add(name: str, value: float | None, **labels: str) -> None:
        if value is not None:
            samples[name, frozenset(labels.items())] = value

    for tool, figures in everything["tools"].items():
        for outcome, key in (("success", "successful"), ("error", "failed"), ("cancelled", "cancelled")):
            add("tool_calls_total", figures[f"{key}_calls"], tool=tool, outcome=outcome)
        for error_type, count in figures["error_types"].items():
            add("tool_call_errors_total", count, tool=tool, error_type=error_type)
        add("tool_calls_in_progress", figures["in_progress"], tool=tool)
        oldest_ms = 0 if figures["in_progress"] == 0 else figures["oldest_in_progress_ms"]
        add("tool_calls_oldest_in_progress_seconds", oldest_ms and oldest_ms / 1000, tool=tool)
        add("tool_call_duration_seconds_count", figures["total_calls"], tool=tool)
        add("tool_call_duration_seconds_sum", figures["total_latency_ms"] / 1000, tool=tool)
        for family, window in (("call", figures["latency_ms"]), ("first_item", figures.get("first_item_ms", {}))):
            for quantile, key in (("0.5", "p50"), ("0.75", "p75"), ("0.9", "p90"), ("0.95", "p95"), ("0.99", "p99")):
                millis = window.get(key)
                seconds = None if millis is None else millis / 1000
                add(f"tool_{family}_latency_window_seconds", seconds, tool=tool, q=quantile)
    for cache, figures in everything["caches"].items():
        add("cache_requests_total", figures["hits"], cache=cache, result="hit")
        add("cache_requests_total", figures["misses"], cache=cache, result="miss")
        add("cache_evictions_total", figures["evictions"], cache=cache)
        add("cache_size_rejections_total", figures["size_rejections"], cache=cache)
        add("cache_hit_ratio", figures["hit_rate"], cache=cache)
    return samples


def test_all_formats_say_what_json_says(prometheus_url: str) -> None:
    record()
    everything = fetch(prometheus_url, Accept="application/json").json()
    expected = recorded_in(everything)
    # Other tests of this process may have left tools of their own, at zero.
    assert set(NAMES) <= everything["tools"].keys()
    assert expected["tool_calls_total", frozenset({("tool", "search"), ("outcome", "success")})] == 10
    buckets = None
    for accept in (TEXT, TEXT1, OPENMETRICS, PROTOBUF):
        samples = samples_of(prometheus_url, accept)
        of_json = {series: value for series, value in recorded(samples).items() if not series[0].endswith("_bucket")}
        assert of_json.keys() == expected.keys(), accept
        for series, value in of_json.items():
            assert value == pytest.approx(expected[series], rel=1e-15), (accept, series)
        # JSON has no buckets; they are the same in all of the others.
        of_others = {series: value for series, value in recorded(samples).items() if series[0].endswith("_bucket")}
        assert of_others == (buckets or of_others), accept
        buckets = of_others
        assert len(buckets) == 18 * len(everything["tools"])
        assert not [series for series, value in samples.items() if math.isnan(value)]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (TEXT, "text/plain; version=0.0.4; charset=utf-8"),
        (TEXT1, "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
        (
            PROTOBUF,
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; "
            "escaping=underscores",
        ),
        ("application/json", "application/json"),
    ],
)
def test_content_types(prometheus_url: str, accept: str, content_type: str) -> None:
    assert fetch(prometheus_url, Accept=accept).headers["Content-Type"] == content_type


@pytest.mark.parametrize("accept", [TEXT, TEXT1, OPENMETRICS, PROTOBUF])
def test_names_filter_families(prometheus_url: str, accept: str) -> None:
    record()
    query = urllib.parse.urlencode([("name[]", "tool_calls_total"), ("x", "1"), ("name[]", "cache_hit_ratio")])
    samples = samples_of(f"{prometheus_url}?{query}", accept)
    assert {name for name, _ in samples} == {"tool_calls_total", "cache_hit_ratio"}
    assert samples_of(f"{prometheus_url}?name[]=unheard_of", accept) == {}


def test_openmetrics_has_its_types_and_units(prometheus_url: str) -> None:
    record()
    body = fetch(prometheus_url, Accept=OPENMETRICS).text
    families = {family.name: family for family in parse_openmetrics(body)}
    assert body.endswith("# EOF\n")
    assert families["python"].type == "info"
    assert families["toolvitals_build"].type == "info"
    assert families["tool_calls"].type == "counter"
    assert (families["tool_call_duration_seconds"].type, families["tool_call_duration_seconds"].unit) == (
        "histogram",
        "seconds",
    )


def test_prometheus_scrapes_protobuf(endpoints: Any, tmp_path: Path) -> None:
    record()
    target = f"127.0.0.1:{endpoints.prometheus_port}"
    with prometheus_server.running(target, tmp_path, native_histograms=True) as prometheus:
        is_scraped = "sum(tool_calls_total{tool='search'})"
        wait_until(lambda: prometheus.query(is_scraped) == {(): 12.0}, "the calls are scraped")
        assert prometheus.target()["lastError"] == ""
        # What other tests of this process have left is at zero.
        calls = prometheus.query("sum by (outcome, tool) (tool_calls_total) > 0")
        assert calls == {
            **{("success", name): 10.0 * number for number, name in enumerate(NAMES, start=1)},
            **{("error", name): float(number) for number, name in enumerate(NAMES, start=1)},
            **{("cancelled", name): 1.0 for name in NAMES},
        }
        infinite = prometheus.query("sum by (tool) (tool_call_duration_seconds_bucket{le='+Inf'}) > 0")
        assert infinite == {(name,): 11.0 * number + 1 for number, name in enumerate(NAMES, start=1)}
        assert prometheus.query("count(python_info)") == {(): 1.0}
