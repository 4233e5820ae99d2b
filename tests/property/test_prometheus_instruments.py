"""Whatever is recorded, the core writes it as Python would, and prometheus_client reads it as it was recorded."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from toolvitals.prometheus import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, generate_latest
from toolvitals.prometheus.openmetrics.exposition import generate_latest as generate_openmetrics

names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(lambda name: not name.startswith("__"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.floats() | st.integers(-(2**70), 2**70).map(float)
amounts = st.floats(0, 1e300) | st.integers(0, 2**52)


class InPython:
    """A registry that gives only families, so that Python writes them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.collect = registry.collect


@st.composite
def registries(draw: Any, observed: st.SearchStrategy[float]) -> CollectorRegistry:
    registry = CollectorRegistry()
    labels = draw(st.lists(names.filter(lambda n: n not in ("le", "quantile", "state")), max_size=3, unique=True))
    values = [[draw(texts) for _ in labels] for _ in range(draw(st.integers(1, 3)))] if labels else [[]]
    pick = lambda metric, own: metric.labels(*own) if labels else metric  # noqa: E731
    documentation = draw(texts)
    kinds = draw(st.sets(st.sampled_from("cghsie"), min_size=1))
    for own in values:
        if "c" in kinds:
            counter = registry._names_to_collectors.get("count") or Counter(
                "count", documentation, labels, registry=registry
            )
            pick(counter, own).inc(draw(amounts))
        if "g" in kinds:
            gauge = registry._names_to_collectors.get("level") or Gauge(
                "level", documentation, labels, registry=registry
            )
            pick(gauge, own).set(draw(numbers))
        if "h" in kinds:
            bounds = sorted(draw(st.sets(observed, min_size=1, max_size=4)))
            histogram = registry._names_to_collectors.get("spread") or Histogram(
                "spread", documentation, labels, registry=registry, buckets=bounds
            )
            for amount in draw(st.lists(observed, max_size=5)):
                pick(histogram, own).observe(amount)
        if "s" in kinds:
            summary = registry._names_to_collectors.get("total") or Summary(
                "total", documentation, labels, registry=registry
            )
            for amount in draw(st.lists(observed, max_size=5)):
                pick(summary, own).observe(amount)
        if "i" in kinds:
            info = registry._names_to_collectors.get("release") or Info(
                "release", documentation, labels, registry=registry
            )
            facts = draw(st.dictionaries(names.filter(lambda name: name not in labels), texts, max_size=3))
            pick(info, own).info(facts)
        if "e" in kinds:
            states = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
            phase = registry._names_to_collectors.get("state") or Enum(
                "state", documentation, labels, registry=registry, states=states
            )
            pick(phase, own).state(draw(st.sampled_from(phase._states)))
    return registry


@settings(deadline=None)
@given(registries(st.floats(-1e9, 1e9)))
def test_the_core_writes_what_python_writes(registry: CollectorRegistry) -> None:
    assert generate_latest(registry) == generate_latest(InPython(registry))
    assert generate_openmetrics(registry) == generate_openmetrics(InPython(registry))


@settings(deadline=None)
@given(registries(st.floats(0, 1e9)))  # its parser of OpenMetrics takes no histogram of negative amounts
def test_prometheus_client_reads_what_was_recorded(registry: CollectorRegistry) -> None:
    recorded = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in registry.collect()
        for sample in metric.samples
    }
    for text, parse in ((generate_latest(registry), parse_text), (generate_openmetrics(registry), parse_openmetrics)):
        read = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for metric in parse(text.decode())
            for sample in metric.samples
        }
        assert read.keys() == recorded.keys()
        for series, value in recorded.items():
            assert read[series] == value or (math.isnan(read[series]) and math.isnan(value))
