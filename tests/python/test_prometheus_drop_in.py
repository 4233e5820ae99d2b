"""One program, run on prometheus_client and on toolvitals.prometheus: what it exposes is the same, byte for byte."""

from __future__ import annotations

import copy
import pickle
import re
from types import ModuleType
from typing import Any

import prometheus_client
import prometheus_client.openmetrics.exposition
import pytest

import toolvitals.prometheus
import toolvitals.prometheus.openmetrics.exposition

OURS, PEER = toolvitals.prometheus, prometheus_client


def program(client: ModuleType) -> Any:
    """Whatever a program does with instruments; returns its registry."""
    registry = client.CollectorRegistry()
    requests = client.Counter("my_requests_total", "HTTP\nrequests \\", ["method", "path"], registry=registry)
    requests.labels("get", "/").inc()
    requests.labels(method="post", path='/x\n"\\').inc(2.5)
    requests.labels("post", None).inc(2**52)
    requests.labels("gone", 1).inc()
    requests.remove("gone", 1)
    requests.remove("never", "there")
    named = {"namespace": "ns", "subsystem": "sub", "unit": "bytes"}
    client.Counter("plain", "", registry=registry, **named).inc(3)
    temperature = client.Gauge("temperature", "T", registry=registry)
    temperature.set(4.2)
    temperature.inc()
    temperature.dec(2)
    client.Gauge("odd", "NaN and infinities", ["v"], registry=registry)
    for value in ("nan", "inf", "-inf", "1e-310", "1e300", "-0.0"):
        registry._names_to_collectors["odd"].labels(value).set(float(value))
    function = client.Gauge("function", "", ["a"], registry=registry)
    function.labels("1").set_function(lambda: 7.5)
    function.labels("1").inc(100)
    function.labels("2").set("3")
    latency = client.Histogram("latency", "L", ["z"], registry=registry)
    for amount in (0.3, 0.5, 3e9, -1, 7):
        latency.labels("q").observe(amount)
    client.Histogram("signed", "", registry=registry, buckets=[-1, "0", 5]).observe(-3)
    sizes = client.Summary("sizes", "S", ["kind"], registry=registry, unit="bytes")
    sizes.labels(kind="k").observe(3)
    sizes.labels(kind="k").observe(4.5)
    client.Info("release", "I", ["a"], registry=registry).labels("x").info({"version": "1", "host": "h\\"})
    client.Enum("phase", "E", registry=registry, states=["up", "down"]).state("down")
    client.Enum("labelled_phase", "E", ["job"], registry=registry, states=["up", "down"]).labels("j")
    cleared = client.Counter("cleared", "", ["a"], registry=registry)
    cleared.labels("x").inc()
    cleared.clear()
    users = client.Gauge("users", "", ["shop", "tier"], registry=registry)
    for shop, tier in (("a", "gold"), ("a", "basic"), ("b", "gold")):
        users.labels(shop, tier).set(1)
    users.remove_by_labels({"tier": "gold", "shop": "a"})
    return registry


def timeless(text: bytes) -> bytes:
    return re.sub(rb"(?m)^(\w+_created(?:\{.*\})?) [0-9.e+]+$", rb"\1 T", text)


def test_text_is_the_same() -> None:
    assert timeless(OURS.generate_latest(program(OURS))) == timeless(PEER.generate_latest(program(PEER)))


def test_openmetrics_is_the_same() -> None:
    ours = OURS.openmetrics.exposition.generate_latest(program(OURS))
    peers = PEER.openmetrics.exposition.generate_latest(program(PEER))
    assert timeless(ours) == timeless(peers)


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_metric_is_not_copied(make: Any) -> None:
    with pytest.raises(TypeError):
        make(OURS.Counter("copied", "", registry=None))


@pytest.mark.parametrize("client", [OURS, PEER], ids=["ours", "peer"])
def test_misuse_is_a_value_error(client: ModuleType) -> None:
    counter = client.Counter("c", "", ["a", "b"], registry=None)
    child = counter.labels("1", "2")
    plain = client.Counter("p", "", registry=None)
    for misuse in (
        lambda: counter.inc(),
        lambda: counter.labels("1"),
        lambda: counter.labels("1", "2", "3"),
        lambda: counter.labels("1", b="2"),
        lambda: counter.labels(a="1"),
        lambda: counter.labels(a="1", c="2"),
        lambda: counter.remove("1"),
        lambda: counter.remove_by_labels({"c": "1"}),
        lambda: child.labels("1", "2"),
        lambda: plain.labels("1"),
        lambda: plain.remove("1"),
        lambda: plain.inc(-1),
        lambda: counter.count_exceptions(),
        lambda: client.Counter("", ""),
        lambda: client.Counter("c", "", ["__a"], registry=None),
        lambda: client.Histogram("h", "", ["le"], registry=None),
        lambda: client.Summary("h", "", ["quantile"], registry=None),
        lambda: client.Histogram("h", "", registry=None, buckets=[]),
        lambda: client.Histogram("h", "", registry=None, buckets=[2, 1]),
        lambda: client.Gauge("g", "", registry=None, multiprocess_mode="wrong"),
        lambda: client.Enum("e", "", registry=None),
        lambda: client.Enum("e", "", ["e"], registry=None, states=["x"]),
        lambda: client.Enum("e", "", registry=None, states=["x"]).state("y"),
        lambda: client.Info("i", "", registry=None, unit="s"),
        lambda: client.Info("i", "", ["a"], registry=None).labels("x").info({"a": "1"}),
        lambda: client.Info("i", "", registry=None).info({"a": None}),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - the texts are each client's own
            misuse()
    with pytest.raises(RuntimeError):
        client.Gauge("g", "", registry=None, multiprocess_mode="mostrecent").inc()


def test_a_taken_name_says_who_has_it() -> None:
    registry = OURS.CollectorRegistry()
    first = OURS.Counter("c", "", registry=registry)
    with pytest.raises(ValueError, match="Duplicated timeseries") as caught:
        OURS.Gauge("c_total", "", registry=registry)
    assert caught.value.existing is first  # type: ignore[attr-defined]
    # A cell of a notebook that is run again ends here, so the message says what to do.
    assert re.search(r"A Counter has them already\. .* notebook.* `existing` of this exception", str(caught.value))
    registry.unregister(first)
    OURS.Gauge("c_total", "", registry=registry)


def test_created_samples_can_be_switched_off() -> None:
    counter = OURS.Counter("c", "", registry=None)
    OURS.disable_created_metrics()
    try:
        assert [sample.name for sample in counter.collect()[0].samples] == ["c_total"]
    finally:
        OURS.enable_created_metrics()
    assert [sample.name for sample in counter.collect()[0].samples] == ["c_total", "c_created"]


def test_whole_counts_are_exact() -> None:
    counter = OURS.Counter("c", "", registry=None)
    counter.inc(2**63)
    counter.inc(2**63 - 1)
    assert counter.collect()[0].samples[0].value == 2**64 - 1


def test_json_shows_instruments_and_which_label_explodes():
    counter = toolvitals.prometheus.Counter("json_orders", "Orders.", ["shop", "customer"], max_series=3)
    histogram = toolvitals.prometheus.Histogram("json_seconds", "Time.", buckets=(0.5, 1))
    try:
        for customer in range(10):
            counter.labels("harbour", customer).inc(2)
        histogram.observe(0.75)
        body = toolvitals.get_collector().get_all_metrics()
    finally:
        toolvitals.prometheus.REGISTRY.unregister(counter)
        toolvitals.prometheus.REGISTRY.unregister(histogram)
    family = body["metrics"]["json_orders"]
    assert (family["type"], family["help"], len(family["series"])) == ("counter", "Orders.", 4)
    assert family["series"][0]["labels"] == {"shop": "harbour", "customer": "0"}
    assert [series["value"] for series in family["series"]] == [2, 2, 2, 14]
    assert family["series"][3]["labels"] == {"otel_metric_overflow": "true"}
    assert body["metrics"]["json_seconds"]["series"][0]["buckets"] == {"0.5": 0, "1.0": 1, "+Inf": 1}
    overflow = body["toolvitals"]["overflow"]["json_orders"]
    assert overflow["records"] == 7
    assert overflow["distinct_values"] == {"shop": 1, "customer": 3}
    assert overflow["busiest"][0] == {"label": "shop", "value": "harbour", "count": 7, "error": 0}
