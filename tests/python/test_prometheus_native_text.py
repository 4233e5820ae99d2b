"""Native histograms of instruments in OpenMetrics' draft of 2.0.0, by every way that leads there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import exposition as peer_exposition
from prometheus_client.openmetrics import exposition as peer_openmetrics
from prometheus_client.openmetrics import parser as peer_parser

import toolvitals as tv
from toolvitals.prometheus import CollectorRegistry, Histogram, exposition
from toolvitals.prometheus import openmetrics as ours_openmetrics
from toolvitals.prometheus.metrics_core import HistogramMetricFamily
from toolvitals.prometheus.openmetrics import parser
from toolvitals.prometheus.openmetrics.exposition import CONTENT_TYPE_LATEST_2_0, generate_latest
from toolvitals.prometheus.samples import BucketSpan, NativeHistogram

ACCEPT_2 = "application/openmetrics-text;version=2.0.0;escaping=allow-utf-8"


def natives(text: str) -> dict[Any, NativeHistogram]:
    """The native histograms of a scrape, by name and labels, read by our parser."""
    return {
        (sample.name, *sorted((sample.labels or {}).items())): sample.native_histogram
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
        if sample.native_histogram is not None
    }


def filled(registry: CollectorRegistry) -> None:
    plain = Histogram("plain", "", registry=registry, buckets=[1], native_schema=0)
    for amount in (0.0, 0.75, 1.0, 1.5, 100.0, -3.0):
        plain.observe(amount)
    labelled = Histogram("labelled", "", ["a", "z"], registry=registry, buckets=[1], native_schema=0)
    labelled.labels("x", "y").observe(1.5)
    Histogram("no.name", "", registry=registry, buckets=[1], native_schema=0).observe(1.5)
    Histogram("marked", "", ["a"], registry=registry, buckets=[1], native_schema=0).labels("x").observe(1.5, {"t": "u"})
    Histogram("classic", "", registry=registry, buckets=[1], native=False).observe(1.5)


ONE = NativeHistogram(1, 1.5, 0, 2.0**-128, 0, (BucketSpan(1, 1),), None, (1,), None)
EXPECTED = {
    ("plain",): NativeHistogram(
        6, 100.25, 0, 2.0**-128, 1, (BucketSpan(0, 2), BucketSpan(5, 1)), (BucketSpan(2, 1),), (2, -1, 0), (1,)
    ),
    ("labelled", ("a", "x"), ("z", "y")): ONE,
    ("no_name",): ONE,
    ("marked", ("a", "x")): ONE,
}


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    filled(registry)
    return registry


def test_instruments_show_them_before_their_buckets(registry: CollectorRegistry) -> None:
    text = generate_latest(registry, version="2.0.0").decode()
    assert natives(text) == EXPECTED
    for name in ("plain", "labelled", "marked"):
        lines = [line for line in text.splitlines() if re.match(rf"{name}(?=[_{{ ])", line)]
        assert "zero_threshold" in lines[0]
        assert lines[1].startswith(f"{name}_bucket")


def test_without_them_it_is_the_older_version(registry: CollectorRegistry) -> None:
    newer = generate_latest(registry, version="2.0.0").decode().splitlines()
    older = generate_latest(registry).decode().splitlines()
    assert [line for line in newer if "zero_threshold" not in line] == older


def test_the_peer_reads_them_and_writes_them_alike(registry: CollectorRegistry) -> None:
    text = generate_latest(registry, version="2.0.0").decode()
    theirs = list(peer_parser.text_string_to_metric_families(text))
    kept = [family.name for family in theirs if any(sample.native_histogram for sample in family.samples)]
    assert kept == ["plain", "labelled", "no_name", "marked"]
    lines = [line for line in text.splitlines() if "zero_threshold" in line]
    for family in theirs:
        family.samples = [sample for sample in family.samples if sample.native_histogram]
    fixed = type("Fixed", (), {"collect": lambda self: theirs})()
    written = peer_openmetrics.generate_latest(fixed, version="2.0.0").decode()
    assert [line for line in written.splitlines() if "zero_threshold" in line] == lines


def test_a_version_is_numbers(registry: CollectorRegistry) -> None:
    with pytest.raises(ValueError, match="'two'"):
        generate_latest(registry, version="two")


@pytest.mark.parametrize("client", [exposition, peer_exposition], ids=["ours", "peer"])
def test_it_is_negotiated(client: Any, registry: CollectorRegistry) -> None:
    encoder, content_type = client.choose_encoder(ACCEPT_2)
    assert content_type == f"{CONTENT_TYPE_LATEST_2_0}; escaping=allow-utf-8"
    family = HistogramMetricFamily("custom", "")
    family.add_sample("custom", {}, 0, native_histogram=ONE)
    fixed = type("Fixed", (), {"collect": lambda self: [family]})()
    assert b"custom {count:1,sum:1.5,schema:0," in encoder(fixed)
    assert b"custom" not in client.choose_encoder(ACCEPT_2.replace("2.0.0", "1.0.0"))[0](fixed).splitlines()[2]


def test_unknown_versions_are_not_promised() -> None:
    for version in ("3.0.0", "1.1.0", "two"):
        assert exposition.choose_encoder(ACCEPT_2.replace("2.0.0", version))[1] == exposition.CONTENT_TYPE_PLAIN_0_0_4


def test_the_older_text_format_leaves_them_out() -> None:
    family = HistogramMetricFamily("custom", "", [("1", 1), ("+Inf", 1)], 0.5)
    family.add_sample("custom", None, None, native_histogram=ONE)  # type: ignore[arg-type]
    fixed = type("Fixed", (), {"collect": lambda self: [family]})()
    text = exposition.generate_latest(fixed).decode()
    assert text.splitlines()[2:] == [
        'custom_bucket{le="1"} 1.0',
        'custom_bucket{le="+Inf"} 1.0',
        "custom_count 1.0",
        "custom_sum 0.5",
    ]


@pytest.fixture
def url() -> Iterator[str]:
    with tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as endpoints:
        assert endpoints.prometheus_url is not None
        yield endpoints.prometheus_url


def test_the_native_endpoint_serves_them(url: str) -> None:
    registry = tv.prometheus.REGISTRY
    made = [
        Histogram("endpoint_plain", "", buckets=[1], native_schema=0),
        Histogram("endpoint.dots", "", ["a"], buckets=[1], native_schema=0),
    ]
    made[0].observe(1.5)
    made[1].labels("x").observe(1.5, {"t": "u"})
    try:
        newer = httpx.get(url, headers={"Accept": ACCEPT_2})
        older = httpx.get(url, headers={"Accept": ACCEPT_2.replace("2.0.0", "1.0.0")})
        unversioned = httpx.get(url, headers={"Accept": "application/openmetrics-text"})
        named = httpx.get(url, headers={"Accept": ACCEPT_2}, params={"name[]": "endpoint_plain"})
    finally:
        for histogram in made:
            registry.unregister(histogram)
    assert newer.headers["Content-Type"] == f"{CONTENT_TYPE_LATEST_2_0}; escaping=allow-utf-8"
    found = natives(newer.text)
    assert found["endpoint_plain",] == ONE
    assert found["endpoint.dots", ("a", "x")] == ONE
    assert list(natives(named.text)) == [("endpoint_plain",)]
    for answer in (older, unversioned):
        assert "version=1.0.0" in answer.headers["Content-Type"]
        assert natives(answer.text) == {}
    # The peer, too, takes the whole scrape.
    assert any(family.name == "endpoint_plain" for family in peer_parser.text_string_to_metric_families(newer.text))


def test_the_modules_name_is_the_peers() -> None:
    assert ours_openmetrics.exposition.CONTENT_TYPE_LATEST_2_0 == peer_openmetrics.CONTENT_TYPE_LATEST_2_0
