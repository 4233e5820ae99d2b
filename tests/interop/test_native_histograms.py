"""Native histograms, exemplars and times of creation at the native endpoint, read by Prometheus and by protobuf."""

from __future__ import annotations

import math
import random
import time
from collections import Counter as Counts
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import metric_family
import prometheus_server
import pytest
import scrapes
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from waiting import wait_until
from web import fetch

from toolvitals.prometheus import REGISTRY, Counter, Histogram, Summary

pytestmark = pytest.mark.interop

PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
QUANTILES = (0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999)


@pytest.fixture
def registered() -> Iterator[list[Any]]:
    """Instruments that are put into it leave the default registry when the test is over."""
    instruments: list[Any] = []
    yield instruments
    for instrument in instruments:
        REGISTRY.unregister(instrument)


def protobuf(url: str) -> dict[str, Any]:
    """The families of a scrape by name."""
    return {family.name: family for family in metric_family.decode(fetch(url, Accept=PROTOBUF).content)}


def exact(values: list[float], quantile: float) -> float:
    """The smallest value that the share of the values does not exceed, as histogram_quantile() counts ranks."""
    return sorted(values)[max(math.ceil(quantile * len(values)), 1) - 1]


@pytest.mark.parametrize("schema", [0, 3, 5, 8])
def test_quantiles_of_prometheus_agree(
    schema: int, endpoints: Any, prometheus_url: str, tmp_path: Path, registered: list[Any]
) -> None:
    draw = random.Random(schema)
    spreads = {
        "lognormal": [draw.lognormvariate(-3, 1.5) for _ in range(5000)],
        "bimodal": [draw.choice((0.01, 2.0)) * draw.uniform(0.9, 1.1) for _ in range(5000)],
        "alone": [0.25],
    }
    latency = Histogram(
        "native_latency_seconds",
        "Latency.",
        ["spread"],
        native_schema=schema,
        native_max_buckets=10_000,
    )
    registered.append(latency)
    for spread, values in spreads.items():
        for value in values:
            latency.labels(spread).observe(value)
    # What a bucket of the schema spans: its upper bound is its lower one by this factor.
    factor = 2**2**-schema
    target = f"127.0.0.1:{endpoints.prometheus_port}"
    with prometheus_server.running(target, tmp_path, native_histograms=True) as prometheus:
        counted = "histogram_count(native_latency_seconds)"
        expected = {spread: float(len(values)) for spread, values in spreads.items()}
        by_spread = lambda query: {labels[-1]: value for labels, value in prometheus.query(query).items()}  # noqa: E731
        wait_until(lambda: by_spread(counted) == expected, "the histogram is scraped")
        assert prometheus.target()["lastError"] == ""
        assert by_spread("histogram_sum(native_latency_seconds)") == pytest.approx(
            {spread: sum(values) for spread, values in spreads.items()}
        )
        for quantile in QUANTILES:
            found = by_spread(f"histogram_quantile({quantile}, native_latency_seconds)")
            for spread, values in spreads.items():
                wanted = exact(values, quantile)
                assert wanted / factor <= found[spread] <= wanted * factor, (spread, quantile)


def test_negative_amounts_and_zeros(endpoints: Any, prometheus_url: str, tmp_path: Path, registered: list[Any]) -> None:
    change = Histogram("native_change", "Change.", buckets=(-1.0, 0.0, 1.0), native_zero_threshold=0.001)
    registered.append(change)
    values = [-8.0, -8.0, -0.5, 0.0, 0.0005, -0.0005, 3.0, 1e300, 5e-324, 1e-3]
    for value in values:
        change.observe(value)
    histogram = protobuf(prometheus_url)["native_change"].metric[0].histogram
    assert (histogram.sample_count, histogram.zero_count, histogram.zero_threshold) == (10, 5, 0.001)
    for spans, deltas, sign in (
        (histogram.positive_span, histogram.positive_delta, 1),
        (histogram.negative_span, histogram.negative_delta, -1),
    ):
        found = metric_family.native_buckets(spans, deltas)
        sizes = [sign * value for value in values if sign * value > 0.001]
        wanted = Counts(math.ceil(math.log2(size) * 2**histogram.schema) for size in sizes)
        assert found == wanted
    target = f"127.0.0.1:{endpoints.prometheus_port}"
    with prometheus_server.running(target, tmp_path, native_histograms=True) as prometheus:
        counted = "histogram_count(native_change)"
        wait_until(lambda: 10.0 in prometheus.query(counted).values(), "the histogram is scraped")
        # The second smallest of ten lies in the bucket of -8, whose bounds are the resolution apart.
        (found,) = prometheus.query("histogram_quantile(0.15, native_change)").values()
        assert -8 * 2**2**-histogram.schema <= found <= -8 / 2**2**-histogram.schema


def test_exemplars_and_times_of_creation(prometheus_url: str, registered: list[Any]) -> None:
    before = time.time()
    counter = Counter("marked", "Marked.", ["kind"])
    histogram = Histogram("marked_seconds", "Marked.", buckets=(1.0, 2.0))
    summary = Summary("marked_bytes", "Marked.")
    registered += [counter, histogram, summary]
    counter.labels("a").inc(2, {"trace_id": "0123456789abcdef"})
    histogram.observe(1.5, {"trace_id": "ключ"})
    histogram.observe(9.0, {"span_id": "x"})
    summary.observe(10.0)
    after = time.time()
    families = protobuf(prometheus_url)

    def labels(exemplar: Any) -> dict[str, str]:
        assert before - 1e-3 <= exemplar.timestamp.seconds + exemplar.timestamp.nanos / 1e9 <= after
        return {label.name: label.value for label in exemplar.label}

    def created(value: Any) -> None:
        assert before - 1e-3 <= value.created_timestamp.seconds + value.created_timestamp.nanos / 1e9 <= after

    counted = families["marked_total"].metric[0].counter
    assert (labels(counted.exemplar), counted.exemplar.value) == ({"trace_id": "0123456789abcdef"}, 2.0)
    spread = families["marked_seconds"].metric[0].histogram
    marked = {bucket.upper_bound: bucket.exemplar for bucket in spread.bucket if bucket.HasField("exemplar")}
    assert {bound: (labels(one), one.value) for bound, one in marked.items()} == {
        2.0: ({"trace_id": "ключ"}, 1.5),
        math.inf: ({"span_id": "x"}, 9.0),
    }
    for value in (counted, spread, families["marked_bytes"].metric[0].summary):
        created(value)

    text = scrapes.fetch(prometheus_url, Accept="application/openmetrics-text;version=1.0.0")
    read = {family.name: family for family in text_string_to_metric_families(text)}
    (total,) = [sample for sample in read["marked"].samples if sample.name == "marked_total"]
    assert total.exemplar is not None
    assert (total.exemplar.labels, total.exemplar.value) == ({"trace_id": "0123456789abcdef"}, 2.0)
    marks = {sample.labels["le"]: sample.exemplar for sample in read["marked_seconds"].samples if sample.exemplar}
    assert {bound: one.labels for bound, one in marks.items()} == {
        "2.0": {"trace_id": "ключ"},
        "+Inf": {"span_id": "x"},
    }
    times = [
        sample.value
        for name in ("marked", "marked_seconds", "marked_bytes")
        for sample in read[name].samples
        if sample.name == f"{name}_created"
    ]
    assert len(times) == 3
    assert all(before - 1e-3 <= moment <= after for moment in times)
