"""CollectorRegistry: names, order, restriction, and target info."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unittest import mock

import prometheus_client
import prometheus_client.openmetrics.exposition
import pytest

import toolvitals.prometheus
from toolvitals.prometheus.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from toolvitals.prometheus.openmetrics import exposition as openmetrics
from toolvitals.prometheus.registry import Collector, CollectorRegistry, DuplicateTimeseries


class Fixed:
    """A collector of given families that counts how often it is asked."""

    def __init__(self, *families: Metric) -> None:
        self.families = families
        self.asked = 0

    def collect(self) -> Iterable[Metric]:
        self.asked += 1
        return self.families


class Described(Fixed):
    """Says its names without being collected."""

    def describe(self) -> Iterable[Metric]:
        return self.families


def test_collects_in_the_order_of_registration() -> None:
    registry = CollectorRegistry()
    first, second = Fixed(GaugeMetricFamily("b", "", 1)), Fixed(GaugeMetricFamily("a", "", 2))
    assert isinstance(first, Collector)
    registry.register(first)
    registry.register(second)
    assert [metric.name for metric in registry.collect()] == ["b", "a"]
    assert registry.get_sample_value("a") == 2
    assert registry.get_sample_value("a", {"x": "y"}) is None
    registry.unregister(first)
    assert [metric.name for metric in registry.collect()] == ["a"]
    with pytest.raises(KeyError):
        registry.unregister(first)


def test_a_name_is_taken_once() -> None:
    registry = CollectorRegistry()
    counter = Described(CounterMetricFamily("a", "", 1))
    registry.register(counter)
    other = Described(GaugeMetricFamily("a_total", "", 1))
    with pytest.raises(DuplicateTimeseries, match="a_total") as caught:
        registry.register(other)
    assert caught.value.duplicates == {"a_total"}
    assert caught.value.existing is counter
    assert isinstance(caught.value, ValueError)
    registry.unregister(counter)
    registry.register(other)


def test_names_are_asked_for_only_where_that_is_wanted() -> None:
    silent = Fixed(GaugeMetricFamily("a", "", 1))
    CollectorRegistry().register(silent)
    assert silent.asked == 0
    registry = CollectorRegistry(auto_describe=True)
    registry.register(silent)
    assert silent.asked == 1
    with pytest.raises(DuplicateTimeseries):
        registry.register(Fixed(GaugeMetricFamily("a", "", 2)))


def test_restriction_asks_only_those_concerned() -> None:
    registry = CollectorRegistry(auto_describe=True, support_collectors_without_names=True)
    wanted, other, nameless = (
        Fixed(CounterMetricFamily("a", "", 1, created=2)),
        Fixed(GaugeMetricFamily("b", "", 1)),
        Fixed(),
    )
    for collector in (wanted, other, nameless):
        registry.register(collector)
    nameless.families = (GaugeMetricFamily("late", "", 3),)
    before = other.asked
    restricted = registry.restricted_registry(["a_total", "late", "unknown"])
    found = [sample.name for metric in restricted.collect() for sample in metric.samples]
    assert found == ["a_total", "late"]
    assert other.asked == before


def test_target_info() -> None:
    registry = CollectorRegistry(target_info={"service": "x"})
    assert registry.get_target_info() == {"service": "x"}
    assert registry.get_sample_value("target_info", {"service": "x"}) == 1
    [metric] = registry.restricted_registry(["target_info"]).collect()
    assert metric.name == "target"
    with pytest.raises(DuplicateTimeseries, match="target_info"):
        registry.register(Described(Metric("target", "", "info")))
    registry.set_target_info(None)
    assert registry.get_target_info() is None
    assert list(registry.collect()) == []
    registry.register(Described(Metric("target", "", "info")))
    with pytest.raises(ValueError, match="target_info"):
        registry.set_target_info({"service": "x"})


@pytest.mark.parametrize("make", [mock.MagicMock, lambda: mock.MagicMock(spec=toolvitals.prometheus.Counter)])
@pytest.mark.parametrize("client", [toolvitals.prometheus, prometheus_client], ids=["ours", "peer"])
def test_a_mock_is_asked_only_for_its_own_names(client: Any, make: Any) -> None:
    registry = client.CollectorRegistry(auto_describe=True)
    client.Counter("a", "", registry=registry).inc()
    named, nameless = make(), make()
    named.describe.return_value = [client.metrics_core.GaugeMetricFamily("named", "", 1)]
    named.collect.return_value = [client.metrics_core.GaugeMetricFamily("named", "", 1)]
    for collector in (named, nameless):
        registry.register(collector)
    text = client.generate_latest(registry.restricted_registry(["a_total", "tool_calls_total", "cache_hit_ratio"]))
    assert b"a_total 1.0" in text
    assert named.collect.call_count == nameless.collect.call_count == 0
    assert b"named 1.0" in client.generate_latest(registry.restricted_registry(["named"]))
    assert (named.collect.call_count, nameless.collect.call_count) == (1, 0)
    assert b"named 1.0" in client.generate_latest(registry)
    assert (named.collect.call_count, nameless.collect.call_count) == (2, 1)
    registry.unregister(named)
    assert b"named" not in client.openmetrics.exposition.generate_latest(registry)


def test_a_mock_is_no_instrument_of_the_endpoint() -> None:
    collector = mock.MagicMock()
    collector.collect.return_value = [GaugeMetricFamily("of_a_mock", "", 1)]
    toolvitals.prometheus.REGISTRY.register(collector)
    try:
        assert b"of_a_mock 1.0" in toolvitals.prometheus.generate_latest()
        assert b"of_a_mock 1.0" in openmetrics.generate_latest(toolvitals.prometheus.REGISTRY)
    finally:
        toolvitals.prometheus.REGISTRY.unregister(collector)
    assert not [call for call in collector.mock_calls if "native" in call[0]]


@pytest.mark.parametrize("client", [toolvitals.prometheus, prometheus_client], ids=["ours", "peer"])
@pytest.mark.parametrize("supported", [False, True])
def test_collectors_without_names_are_asked_where_that_is_wanted(client: Any, supported: bool) -> None:
    registry = client.CollectorRegistry(support_collectors_without_names=supported)
    nameless = mock.MagicMock(spec=["collect"])
    nameless.collect.return_value = [client.metrics_core.GaugeMetricFamily("late", "", 1)]
    registry.register(nameless)
    found = [metric.name for metric in registry.restricted_registry(["late"]).collect()]
    assert found == (["late"] if supported else [])
    assert nameless.collect.call_count == int(supported)
    registry.unregister(nameless)
    assert list(registry.restricted_registry(["late"]).collect()) == []
