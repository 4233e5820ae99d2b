"""Whatever attributes are recorded with, every format shows what a plain dict of them would."""

from __future__ import annotations

import json
import math
import random
import re
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import metric_family
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

import toolvitals
from toolvitals import _core as core
from toolvitals.sources.document import snapshot_of

__all__: list[str] = []

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
# Of few values, so that they meet again, in other types too.
KEYS = st.sampled_from(["a", "b", "a.b", "a_b", "a..b", "a__b", "0a", "le", "__a", "ü", "é€"])
SCALARS: list[st.SearchStrategy[Any]] = [
    st.booleans(),
    st.one_of(st.integers(-2, 2), st.integers(-(2**63), 2**63 - 1)),
    st.one_of(st.sampled_from([0.0, -0.0, 1.0, 1e16, 1e22, 1e-5, math.inf, math.nan]), st.floats()),
    st.one_of(st.sampled_from(["1", "1.0", "true", "", ";", "[]", 'a"\\\n']), TEXTS),
]
VALUES = st.one_of(*SCALARS, *(st.lists(scalar, max_size=3) for scalar in SCALARS))
RECORDS = st.lists(st.tuples(st.dictionaries(KEYS, VALUES, max_size=4), st.integers(1, 1000)), max_size=12)


def identity(value: Any) -> Any:
    """A value with its type; all NaN are one, and so are the zeros."""
    if isinstance(value, list):
        return ("list", type(value[0]).__name__ if value else "str", tuple(identity(item) for item in value))
    if isinstance(value, float):
        return ("float", "NaN" if math.isnan(value) else value + 0.0)
    return (type(value).__name__, value)


def series_key(attributes: dict[str, Any]) -> Any:
    return tuple(sorted((key.encode(), identity(value)) for key, value in attributes.items()))


def listed(attributes: Any) -> dict[str, Any]:
    """With lists, as they were recorded, in the place of tuples."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in attributes.items()}


def as_text(value: Any) -> str:
    """As the SDK's own exporter for Prometheus writes values."""
    if isinstance(value, str):
        return value
    value = [item + 0.0 if isinstance(item, float) else item for item in value] if isinstance(value, list) else value
    return json.dumps(value + 0.0 if isinstance(value, float) else value, ensure_ascii=False)


def as_labels(attributes: dict[str, Any], reserved: str) -> frozenset[tuple[str, str]]:
    labels: dict[str, str] = {}
    for key in sorted(attributes, key=str.encode):
        name = key
        if not re.fullmatch(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*", key):
            name = re.sub(r"_+", "_", re.sub(r"[^a-zA-Z0-9]", "_", ("_" if key[0].isdigit() else "") + key))
        name = "exported_" + name if name == reserved else name
        labels[name] = f"{labels[name]};{as_text(attributes[key])}" if name in labels else as_text(attributes[key])
    return frozenset(labels.items())


@pytest.fixture(scope="module")
def fetch() -> Iterator[Callable[[str], bytes]]:
    with toolvitals.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as endpoints:
        # Of these families: what other tests have left in this process would take longer to read.
        query = urllib.parse.urlencode([("name[]", "opened"), ("name[]", "opened_sizes")])
        url = f"http://127.0.0.1:{endpoints.prometheus_port}/metrics?{query}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def get(accept: str) -> bytes:
            with opener.open(urllib.request.Request(url, headers={"Accept": accept}), timeout=10) as response:
                body: bytes = response.read()
            return body

        yield get


def text_samples(families: Any, name: str) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for family in families:
        for sample in family.samples:
            if sample.name == name:
                key = frozenset(sample.labels.items())
                assert key not in found, f"{key} is there twice"
                found[key] = int(sample.value)
    return found


def protobuf_samples(body: bytes, name: str, value: Callable[[Any], int]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for family in metric_family.decode(body):
        for metric in family.metric if family.name == name else ():
            key = frozenset((label.name, label.value) for label in metric.label)
            assert key not in found, f"{key} is there twice"
            found[key] = int(value(metric))
    return found


@given(RECORDS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_plain_dict_of_attributes(fetch: Callable[[str], bytes], records: Any, order: random.Random) -> None:
    counter, histogram = core.CounterBase(), core.HistogramBase()
    counter._define("opened", "Help.", "", (), open=True)
    histogram._define("opened_sizes", "Help.", "", (), open=True, bounds=(10.0,), native=True)
    model: Counter[Any] = Counter()
    by_label = {"": Counter(), "le": Counter()}  # type: dict[str, Counter[Any]]
    counter._show(0, True)
    histogram._show(0, True)
    for attributes, amount in records:
        items = list(attributes.items())
        order.shuffle(items)
        counter._with_attributes(dict(items)).inc(amount)
        histogram._with_attributes(dict(reversed(items))).observe(amount)
        model[series_key(attributes)] += amount
        by_label[""][as_labels(attributes, "")] += amount
        by_label["le"][as_labels(attributes, "le")] += 1
    read: Counter[Any] = Counter()
    for attributes, value, *_ in counter._read():
        assert series_key(listed(attributes)) not in read
        read[series_key(listed(attributes))] = value
    assert read == model
    shown = toolvitals.get_collector().get_all_metrics()["metrics"]["opened"]["series"]
    assert sorted(series["value"] for series in shown) == sorted(model.values())
    for family in (
        toolvitals.snapshot().families["opened"],
        snapshot_of(core.render("json"), "here").families["opened"],
    ):
        assert {series_key(listed(series.attributes)): series.value for series in family.series} == model
        assert len(family.series) == len(model)
    text, openmetrics = fetch("text/plain").decode(), fetch(OPENMETRICS).decode()
    for families in (parse_text, parse_openmetrics):
        body = text if families is parse_text else openmetrics
        assert text_samples(families(body), "opened_total") == by_label[""]
        assert text_samples(families(body), "opened_sizes_count") == by_label["le"]
    protobuf = fetch(PROTOBUF)
    assert protobuf_samples(protobuf, "opened_total", lambda metric: metric.counter.value) == by_label[""]
    assert protobuf_samples(protobuf, "opened_sizes", lambda metric: metric.histogram.sample_count) == by_label["le"]
    counter._show(0, False)
    histogram._show(0, False)
