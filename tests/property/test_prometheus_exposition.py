"""What is written reads back, by our parsers and by prometheus_client's, and is what prometheus_client would write."""

from __future__ import annotations

import math
from typing import Any

import prometheus_client.openmetrics.exposition as peer_openmetrics
import prometheus_client.parser
import prometheus_client.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import exposition as peer_text
from test_prometheus_parsers import NAMES, TEXTS, Fixed, comparable, families

from toolvitals.prometheus import escaping, exposition, parser, utils
from toolvitals.prometheus.metrics_core import GaugeMetricFamily
from toolvitals.prometheus.openmetrics import exposition as openmetrics
from toolvitals.prometheus.openmetrics import parser as openmetrics_parser

ANY_NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)


@given(families())
def test_both_formats_are_the_peers(made: list[Any]) -> None:
    registry = Fixed(made)
    assert exposition.generate_latest(registry) == peer_text.generate_latest(registry)
    assert openmetrics.generate_latest(registry) == peer_openmetrics.generate_latest(registry)


@given(families())
def test_openmetrics_reads_back(made: list[Any]) -> None:
    text = openmetrics.generate_latest(Fixed(made)).decode()
    assert comparable(openmetrics_parser.text_string_to_metric_families(text)) == comparable(made)


@given(ANY_NAME, ANY_NAME.filter(lambda name: not name.startswith("__")), TEXTS, st.floats())
def test_any_names_read_back_when_utf8_is_allowed(name: str, label: str, value: str, number: float) -> None:
    family = GaugeMetricFamily(name, "", labels=[label])
    family.add_metric([value], number)
    for written, read in (
        (exposition.generate_latest(Fixed([family]), escaping.ALLOWUTF8), parser),
        (openmetrics.generate_latest(Fixed([family]), escaping.ALLOWUTF8), openmetrics_parser),
    ):
        assert comparable(read.text_string_to_metric_families(written.decode())) == comparable([family])


@pytest.mark.parametrize("scheme", escaping.SCHEMES)
@given(name=ANY_NAME)
def test_names_are_escaped_as_the_peer_does(scheme: str, name: str) -> None:
    assert escaping.escape_metric_name(name, scheme) == peer_openmetrics.escape_metric_name(name, scheme)
    assert escaping.escape_label_name(name, scheme) == peer_openmetrics.escape_label_name(name, scheme)


@given(st.one_of(st.floats(), NAMES.map(len)))
def test_numbers_are_the_peers(number: float) -> None:
    text = utils.floatToGoString(number)
    assert text == prometheus_client.utils.floatToGoString(number)
    assert float(text) == number or math.isnan(number)


def test_large_integers_are_exact() -> None:
    assert utils.floatToGoString(2**64 - 1) == "18446744073709551615"
    assert utils.floatToGoString(2**53 + 1) == "9007199254740993"
