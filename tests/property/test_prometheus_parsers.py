"""The parsers read what prometheus_client writes, as prometheus_client's own parsers read it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from typing import Any

import prometheus_client.openmetrics.exposition
import prometheus_client.openmetrics.parser
import prometheus_client.parser
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import core as peer
from prometheus_client.exposition import generate_latest

from toolvitals.prometheus import parser
from toolvitals.prometheus.openmetrics import parser as openmetrics_parser

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}x", fullmatch=True).filter(lambda name: "__" not in name)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
# The peer rounds integers that no double holds.
VALUES = st.one_of(st.floats(), st.integers(1 - 2**53, 2**53 - 1))
COUNTS = st.integers(0, 2**53 - 1)
# The peer strips whatever Python takes for white space from the ends of a line; the format knows spaces and tabs.
ONE_LINE = TEXTS.filter(lambda text: text == text.strip() and "\r" not in text)


class Fixed:
    """A collector of given families."""

    def __init__(self, families: Iterable[Any]) -> None:
        self.families = list(families)

    def collect(self) -> list[Any]:
        return self.families


@st.composite
def families(draw: st.DrawFn) -> list[Any]:
    """Families of every type that both formats know, with names of their own."""
    made: list[Any] = []
    for name in draw(st.lists(NAMES, max_size=4, unique=True)):
        help_text = draw(ONE_LINE)
        labels = draw(st.lists(NAMES.filter(lambda label: label not in ("le", "quantile")), max_size=2, unique=True))
        keys = draw(st.lists(st.tuples(*[ONE_LINE] * len(labels)), max_size=3, unique=True))
        kind = draw(st.sampled_from(["counter", "gauge", "summary", "histogram", "info"]))
        if kind == "counter":
            family = peer.CounterMetricFamily(name, help_text, labels=labels)
            for key in keys:
                family.add_metric(key, draw(st.floats(0, allow_infinity=True)))
        elif kind == "gauge":
            family = peer.GaugeMetricFamily(name, help_text, labels=labels)
            for key in keys:
                family.add_metric(key, draw(VALUES))
        elif kind == "summary":
            family = peer.SummaryMetricFamily(name, help_text, labels=labels)
            for key in keys:
                family.add_metric(key, draw(COUNTS), draw(st.floats(0, 1e300)))
        elif kind == "histogram":
            family = peer.HistogramMetricFamily(name, help_text, labels=labels)
            for key in keys:
                counts = sorted(draw(st.lists(COUNTS, min_size=3, max_size=3)))
                family.add_metric(key, list(zip(["0.5", "1.0", "+Inf"], counts, strict=True)), draw(st.floats(0, 1e9)))
        else:
            family = peer.InfoMetricFamily(name, help_text, labels=labels)
            for key in keys:
                family.add_metric(key, {f"{name}_fact": draw(ONE_LINE)})
        made.append(family)
    return made


def comparable(metrics: Iterable[Any]) -> list[Any]:
    """Families as values that compare, NaN with itself."""
    return [
        (
            metric.name,
            metric.documentation,
            metric.type,
            metric.unit,
            [
                (sample.name, sample.labels, "NaN" if math.isnan(sample.value) else sample.value, sample.timestamp)
                for sample in metric.samples
            ],
        )
        for metric in metrics
    ]


@given(families())
def test_text_reads_as_the_peer_reads_it(made: list[Any]) -> None:
    text = generate_latest(Fixed(made)).decode()
    ours = comparable(parser.text_string_to_metric_families(text))
    assert ours == comparable(prometheus_client.parser.text_string_to_metric_families(text))


@given(families())
def test_openmetrics_reads_as_the_peer_reads_it(made: list[Any]) -> None:
    text = prometheus_client.openmetrics.exposition.generate_latest(Fixed(made)).decode()
    ours = comparable(openmetrics_parser.text_string_to_metric_families(text))
    assert ours == comparable(prometheus_client.openmetrics.parser.text_string_to_metric_families(text))


@given(families())
def test_openmetrics_gives_back_what_was_written(made: list[Any]) -> None:
    text = prometheus_client.openmetrics.exposition.generate_latest(Fixed(made)).decode()
    assert comparable(openmetrics_parser.text_string_to_metric_families(text)) == comparable(made)


@given(TEXTS)
def test_hostile_text_is_read_or_refused(text: str) -> None:
    for parse in (parser.text_string_to_metric_families, openmetrics_parser.text_string_to_metric_families):
        with contextlib.suppress(ValueError):
            list(parse(text))
