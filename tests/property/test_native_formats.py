"""Whatever is recorded, readers that are not ours read it back from each format of the native endpoint."""

from __future__ import annotations

import math
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import metric_family
import pytest
import web
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

import toolvitals
from toolvitals.prometheus import REGISTRY, Counter, Gauge, Histogram

TEXT = "text/plain;version=1.0.0;escaping=allow-utf-8"
OPENMETRICS = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8"
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=8).map(
    lambda name: f"n{name}"
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.one_of(st.integers(0, 2**64 - 1), st.integers(2**53 - 2, 2**53 + 2), st.floats(0, 1e300), st.just(5e-324))
# prometheus_client's parser does not read an exemplar with an escaped quote.
EXEMPLARS = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text("aé😀\\\n", max_size=8), min_size=1, max_size=3
)

Fetch = Callable[[str, str], bytes]


@pytest.fixture(scope="module")
def fetch() -> Iterator[Fetch]:
    with toolvitals.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as endpoints:
        url = f"http://127.0.0.1:{endpoints.prometheus_port}/metrics"

        # Of one family: what other tests have left in this process would take longer to read.
        def get(accept: str, name: str) -> bytes:
            query = urllib.parse.urlencode({"name[]": name})
            return web.fetch(f"{url}?{query}", Accept=accept).content

        yield get


def same(found: float, recorded: float) -> bool:
    return found == float(recorded) or (math.isnan(found) and math.isnan(recorded))


def series(families: Any, name: str) -> dict[tuple[str, frozenset[tuple[str, str]]], Any]:
    """The samples of a family by name and labels."""
    samples: dict[Any, Any] = {}
    for family in families:
        if family.name == name:
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                assert key not in samples
                samples[key] = sample
    return samples


@settings(deadline=None)
@given(NAMES, TEXTS, NAMES, st.lists(TEXTS, min_size=1, max_size=4, unique=True), st.data())
def test_gauges(fetch: Fetch, name: str, documentation: str, label: str, values: list[str], data: Any) -> None:
    gauge = Gauge(name, documentation, [label])
    try:
        recorded = {value: data.draw(st.floats()) for value in values}
        for value, number in recorded.items():
            gauge.labels(value).set(number)
        (message,) = metric_family.decode(fetch(PROTOBUF, name))
        assert message.help == documentation
        found = {metric.label[0].value: metric.gauge.value for metric in message.metric}
        assert found.keys() == recorded.keys()
        assert all(same(found[value], number) for value, number in recorded.items())
        assert {metric.label[0].name for metric in message.metric} == {label}
        for accept, parse in ((TEXT, parse_text), (OPENMETRICS, parse_openmetrics)):
            text = fetch(accept, name).decode()
            samples = series(parse(text), name)
            assert len(samples) == len(recorded)
            for value, number in recorded.items():
                assert same(samples[name, frozenset({(label, value)})].value, number), accept
    finally:
        REGISTRY.unregister(gauge)


@settings(deadline=None)
@given(COUNTS, EXEMPLARS)
def test_counters_and_their_exemplars(fetch: Fetch, count: float, exemplar: dict[str, str]) -> None:
    counter = Counter("counted", "Counted.")
    try:
        counter.inc(count, exemplar)
        (message,) = (
            family for family in metric_family.decode(fetch(PROTOBUF, "counted")) if family.name == "counted_total"
        )
        (metric,) = message.metric
        assert metric.counter.value == float(count)
        assert {label.name: label.value for label in metric.counter.exemplar.label} == exemplar
        assert metric.counter.exemplar.value == float(count)
        text = fetch(OPENMETRICS, "counted").decode()
        sample = series(parse_openmetrics(text), "counted")["counted_total", frozenset()]
        assert sample.value == count  # whole numbers in full, which this parser keeps
        assert sample.exemplar.labels == exemplar
        assert (
            series(parse_text(fetch(TEXT, "counted").decode()), "counted")["counted_total", frozenset()].value == count
        )
    finally:
        REGISTRY.unregister(counter)


@settings(deadline=None)
@given(st.lists(FINITE, max_size=20), st.sets(FINITE, min_size=1, max_size=5), st.integers(-4, 8))
def test_histograms(fetch: Fetch, amounts: list[float], bounds: set[float], schema: int) -> None:
    histogram = Histogram("spread", "Spread.", buckets=sorted(bounds), native_schema=schema, native_max_buckets=10_000)
    try:
        for amount in amounts:
            histogram.observe(amount)
        (message,) = metric_family.decode(fetch(PROTOBUF, "spread"))
        found = message.metric[0].histogram
        assert found.sample_count == len(amounts)
        assert {bucket.upper_bound: bucket.cumulative_count for bucket in found.bucket} == {
            bound: sum(amount <= bound for amount in amounts) for bound in bounds
        }
        threshold = found.zero_threshold
        assert found.zero_count == sum(abs(amount) <= threshold for amount in amounts)
        for sign, spans, deltas in (
            (1, found.positive_span, found.positive_delta),
            (-1, found.negative_span, found.negative_delta),
        ):
            buckets = metric_family.native_buckets(spans, deltas)
            sizes = [sign * amount for amount in amounts if sign * amount > threshold]
            assert sum(buckets.values()) == len(sizes)
            # Next to a bound the logarithm may err by its last digit; each size has one of two buckets.
            for size in sizes:
                index = math.log2(size) * 2.0**found.schema
                assert any(i in buckets for i in (math.ceil(index - 1e-9), math.ceil(index + 1e-9))), size
        for accept, parse in ((TEXT, parse_text), (OPENMETRICS, parse_openmetrics)):
            samples = series(parse(fetch(accept, "spread").decode()), "spread")
            # OpenMetrics has no count without a sum, and no sum that may fall.
            if accept == TEXT or (min(bounds) >= 0 and sum(amounts) >= 0):
                assert samples["spread_count", frozenset()].value == len(amounts)
            else:
                assert not {("spread_count", frozenset()), ("spread_sum", frozenset())} & samples.keys()
            buckets = {float(dict(key[1])["le"]): sample.value for key, sample in samples.items() if key[1]}
            assert buckets == {bound: sum(amount <= bound for amount in amounts) for bound in (*bounds, math.inf)}
    finally:
        REGISTRY.unregister(histogram)
