"""What Python collects, at the native endpoint: custom collectors and gauges' functions, without waiting for Python."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import programs.collecting
import prometheus_client
import prometheus_client.core
import pytest
from child import result_of
from scrapes import fetch
from waiting import wait_until

import toolvitals as tv
import toolvitals.prometheus as ours
from toolvitals.collectors import refresh
from toolvitals.integrations.prometheus_client import include_registry
from toolvitals.prometheus import core
from toolvitals.prometheus.openmetrics.parser import text_string_to_metric_families
from toolvitals.testing import isolated

_OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
_DEADLINE_S = 30.0


class Custom:
    """A collector of what a function gives, with no names of its own."""

    def __init__(self, collect: Callable[[], Iterable[core.Metric]]) -> None:
        self.collect = collect

    def describe(self) -> list[core.Metric]:
        return []


@pytest.fixture
def register() -> Iterator[Callable[..., Custom]]:
    collectors = []

    def add(collect: Callable[[], Iterable[core.Metric]]) -> Custom:
        collectors.append(Custom(collect))
        ours.REGISTRY.register(collectors[-1])
        return collectors[-1]

    yield add
    for collector in collectors:
        if collector in ours.REGISTRY._collector_to_names:
            ours.REGISTRY.unregister(collector)


@pytest.fixture
def endpoints() -> Iterator[tv.Endpoints]:
    with isolated(), tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as running:
        yield running


def scraped(endpoints: tv.Endpoints, *names: str) -> dict[str, core.Metric]:
    """All families by name; with names, those alone that have one of them or a sample of that name."""
    query = "?" + "&".join(f"name[]={name}" for name in names) if names else ""
    text = fetch(f"{endpoints.prometheus_url}{query}", Accept=_OPEN_METRICS)
    return {metric.name: metric for metric in text_string_to_metric_families(text)}


def value(endpoints: tv.Endpoints, name: str) -> float | None:
    for metric in scraped(endpoints, name).values():
        for sample in metric.samples:
            if sample.name == name:
                return sample.value
    return None


def failures_of(endpoints: tv.Endpoints) -> float:
    samples = scraped(endpoints)["toolvitals_collector_failures"].samples
    return sum(sample.value for sample in samples if sample.labels["collector"].endswith(f".{Custom.__name__}"))


def every_type() -> Iterable[core.Metric]:
    yield core.GaugeMetricFamily("own_gauge", "A gauge.", value=-3.5)
    counter = core.CounterMetricFamily("own_counter", "A counter.", labels=["a"])
    counter.add_metric(["x"], 2.5, created=1.5)
    counter.add_metric(['q"\\\n'], 7, exemplar=core.Exemplar({"trace_id": "t"}, 2.0, 3.5))
    yield counter
    histogram = core.HistogramMetricFamily("own_histogram", "A histogram.", labels=["a"], unit="seconds")
    histogram.add_metric(["q"], [("0.1", 1), ("1.0", 3), ("+Inf", 4)], sum_value=3.5)
    yield histogram
    yield core.GaugeHistogramMetricFamily("own_now", "Now.", buckets=[("1.0", 1), ("+Inf", 4)], gsum_value=3.5)
    summary = core.SummaryMetricFamily("own_summary", "A summary.")
    summary.add_metric([], count_value=3, sum_value=2.25)
    summary.add_sample("own_summary", {"quantile": "0.5"}, 0.75)
    yield summary
    yield core.InfoMetricFamily("own_info", "An info.", value={"k": "v"})
    yield core.StateSetMetricFamily("own_state", "States.", value={"on": True, "off": False})
    yield core.UnknownMetricFamily("own_unknown", "Unknown.", value=float("inf"))


def comparable(metric: core.Metric) -> object:
    samples = sorted(
        (s.name, sorted(s.labels.items()), s.value, s.exemplar and (s.exemplar.labels, s.exemplar.value))
        for s in metric.samples
    )
    return metric.type, metric.documentation, metric.unit, samples


def test_custom_collectors_of_every_type(endpoints, register):
    register(every_type)
    refresh()
    families = scraped(endpoints)
    text = ours.openmetrics.exposition.generate_latest(Custom(every_type)).decode()
    expected = {metric.name: metric for metric in text_string_to_metric_families(text)}
    assert len(expected) == 8
    for name, metric in expected.items():
        assert comparable(families[name]) == comparable(metric), name


def test_the_thread_collects_when_something_is_registered_or_started(register):
    register(lambda: [core.GaugeMetricFamily("before_start", "h", value=1)])
    with isolated(), tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as endpoints:
        wait_until(lambda: value(endpoints, "before_start") == 1)
        register(lambda: [core.GaugeMetricFamily("after_start", "h", value=2)])
        wait_until(lambda: value(endpoints, "after_start") == 2)


def test_scrapes_keep_values_fresh(register):
    calls = iter(range(10**9))
    register(lambda: [core.GaugeMetricFamily("calls_so_far", "h", value=next(calls))])
    settings = {"json_port": 0, "prometheus_enabled": True, "prometheus_port": 0, "refresh_interval_s": 0.1}
    with isolated(), tv.start(**settings) as endpoints:
        first = wait_until(lambda: value(endpoints, "calls_so_far"))
        wait_until(lambda: value(endpoints, "calls_so_far") > first)


def test_a_gauges_function(endpoints):
    gauge = ours.Gauge("of_function", "h", ["who"])
    results = {"a": 1.5, "b": 2.5}
    try:
        for who in results:
            gauge.labels(who).set_function(lambda who=who: results[who])
        wait_until(lambda: value(endpoints, "of_function") == 1.5)
        results["a"] = 7
        refresh()
        assert [sample.value for sample in scraped(endpoints)["of_function"].samples] == [7, 2.5]
    finally:
        ours.REGISTRY.unregister(gauge)


def test_what_is_unregistered_is_gone_at_once(endpoints, register):
    collector = register(lambda: [core.GaugeMetricFamily("to_go", "h", value=1)])
    refresh()
    assert value(endpoints, "to_go") == 1
    ours.REGISTRY.unregister(collector)
    assert value(endpoints, "to_go") is None


def test_a_collector_that_raises_keeps_its_last_values(endpoints, register, caplog):
    fails = []

    def collect() -> Iterable[core.Metric]:
        if fails:
            raise RuntimeError("the backend is away")
        return [core.GaugeMetricFamily("last_known", "h", value=5)]

    register(collect)
    refresh()
    fails.append(True)
    failures = failures_of(endpoints)
    with caplog.at_level(logging.WARNING, "toolvitals"):
        refresh()
        refresh()
    assert value(endpoints, "last_known") == 5
    assert failures_of(endpoints) >= failures + 2
    assert len([record for record in caplog.records if "its last values" in record.message]) == 1


def test_scrapes_do_not_wait_for_a_collector_and_say_how_old_values_are(register):
    blocked, go_on = threading.Event(), threading.Event()

    def collect() -> Iterable[core.Metric]:
        if threading.current_thread() is not threading.main_thread() and stored.is_set():
            blocked.set()
            go_on.wait(_DEADLINE_S)
        return [core.GaugeMetricFamily("slow", "h", value=1)]

    stored = threading.Event()
    register(collect)
    settings = {"json_port": 0, "prometheus_enabled": True, "prometheus_port": 0, "refresh_interval_s": 0.1}
    with isolated(), tv.start(**settings) as endpoints:
        wait_until(lambda: value(endpoints, "slow"))
        stored.set()
        try:
            wait_until(lambda: value(endpoints, "slow") and blocked.is_set())
            sample = wait_until(lambda: scraped(endpoints)["slow"].samples[0].timestamp)
            assert abs(float(sample) - time.time()) < 2 * _DEADLINE_S
            wait_until(lambda: value(endpoints, "toolvitals_stale_reads_total"))
        finally:
            go_on.set()


def test_families_of_one_name_are_one(endpoints, register):
    def collect() -> Iterable[core.Metric]:
        for who in "ab":
            family = core.GaugeMetricFamily("doubled", "h", labels=["who"])
            family.add_metric([who], ord(who))
            yield family

    register(collect)
    refresh()
    assert [sample.labels for sample in scraped(endpoints)["doubled"].samples] == [{"who": "a"}, {"who": "b"}]


def test_metrics_of_the_peers_classes_are_shown(endpoints, register):
    registry = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("theirs", "Their counter.", ["a"], registry=registry).labels("x").inc(3)
    prometheus_client.Histogram("theirs_seconds", "Their histogram.", registry=registry).observe(0.3)
    register(registry.collect)
    refresh()
    families = scraped(endpoints)
    assert families["theirs"].samples[0].value == 3
    assert [s.value for s in families["theirs_seconds"].samples if s.name == "theirs_seconds_count"] == [1]


def test_native_histograms_of_custom_collectors(endpoints, register):
    native = core.NativeHistogram(
        count_value=6,
        sum_value=7.5,
        schema=1,
        zero_threshold=0.001,
        zero_count=1,
        pos_spans=(core.BucketSpan(2, 2), core.BucketSpan(1, 1)),
        pos_deltas=(1, 1, -1),
        neg_spans=(core.BucketSpan(0, 1),),
        neg_deltas=(1,),
    )

    def collect() -> Iterable[core.Metric]:
        metric = core.Metric("native_own", "h", "histogram")
        metric.add_sample("native_own", {}, 0, native_histogram=native)
        return [metric]

    register(collect)
    refresh()
    series = tv.get_collector().get_all_metrics()["metrics"]["native_own"]["series"][0]
    assert (series["count"], series["sum"]) == (6, 7.5)
    assert series["native"] == {
        "schema": 1,
        "zero_threshold": 0.001,
        "zero_count": 1,
        "positive": {"2": 1, "3": 2, "5": 1},
        "negative": {"0": 1},
    }


@pytest.mark.parametrize(
    "metric",
    [
        lambda: [object()],
        lambda: [core.Metric("x", "h", "gauge"), 3],
        lambda: [_with_sample("x", None)],
        lambda: [_with_sample("x", 1, timestamp=1e300)],
    ],
)
def test_what_is_no_metric_counts_as_a_failure(endpoints, register, metric):
    before = failures_of(endpoints)
    register(metric)
    refresh()
    assert failures_of(endpoints) >= before + 1


def _with_sample(name: str, number: object, **more: object) -> core.Metric:
    metric = core.Metric(name, "h", "gauge")
    metric.add_sample(name, {}, number, **more)
    return metric


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_collects_for_itself():
    assert result_of(programs.collecting.collect_in_a_forked_child) == 0


def test_a_registry_of_prometheus_client_is_shown(endpoints):
    theirs = prometheus_client.CollectorRegistry()
    prometheus_client.ProcessCollector(registry=theirs)
    prometheus_client.Counter("of_a_library", "h", registry=theirs).inc(3)
    prometheus_client.Gauge("in_both", "h", registry=theirs).set(1)
    own = ours.Gauge("in_both", "h")
    included = include_registry(theirs)
    try:
        assert include_registry(theirs) is included
        wait_until(lambda: value(endpoints, "of_a_library_total") == 3)
        assert value(endpoints, "in_both") == 0
        text = ours.generate_latest(ours.REGISTRY).decode()
        assert "of_a_library_total 3.0\n" in text
        assert text.count("# TYPE in_both gauge") == text.count("# TYPE process_start_time_seconds gauge") == 1
    finally:
        ours.REGISTRY.unregister(included)
        ours.REGISTRY.unregister(own)
    assert value(endpoints, "of_a_library_total") is None
    with pytest.raises(TypeError, match="CollectorRegistry"):
        include_registry(object())
