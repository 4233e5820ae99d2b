"""Odd arguments to every class and method: what raises in prometheus_client raises here, and what passes there passes.

The differences that are meant are listed in _MEANT, and in docs/how-to/migrate-from-prometheus-client.md.
"""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import prometheus_client
import prometheus_client.core
import prometheus_client.openmetrics.exposition
import pytest

import toolvitals.prometheus
import toolvitals.prometheus.core
import toolvitals.prometheus.openmetrics.exposition

OURS, PEER = toolvitals.prometheus, prometheus_client


class Odd:
    """Nothing that anybody takes for something."""

    def __repr__(self) -> str:
        return "Odd()"


class Real:
    """What float() takes, and arithmetic does not."""

    def __float__(self) -> float:
        return 2.5

    def __repr__(self) -> str:
        return "Real()"


VALUES: list[Any] = [
    *(None, "", "x", "seconds", "a.b", "1a", "_total", "x_total", b"x", b"", 0, 1, -1, 1.5, True, False),
    *(math.nan, math.inf, -math.inf, 10**400, 1 + 2j, decimal.Decimal("1.5"), Odd(), Real(), object, range(1, 4)),
    *((), [], {}, set(), {"a": "1"}, {"a": 1}, {"a": None}, {1: "a"}, ["a"], ("a",), ["a", "a"], ["le"], ["quantile"]),
    *(["__a"], [""], [1], [None], ["a b"], ["1", "2"], ["a", 1], [1, 2], [2, 1], [1, 1], [math.inf], [math.nan]),
    *([-math.inf, 1], [1, math.inf, math.inf], ["on", "off"], "liveall", "\ud800"),
]
INSTRUMENTS: dict[str, dict[str, Any]] = {
    "Counter": {},
    "Gauge": {"multiprocess_mode": "all"},
    "Summary": {},
    "Histogram": {"buckets": [1, 2]},
    "Info": {},
    "Enum": {"states": ["a", "b"]},
}
COMMON = ("name", "documentation", "labelnames", "namespace", "subsystem", "unit", "registry")
RECORDS = [
    *(("Counter", "inc"), ("Gauge", "inc"), ("Gauge", "dec"), ("Gauge", "set"), ("Summary", "observe")),
    *(("Histogram", "observe"), ("Info", "info"), ("Enum", "state"), ("Counter", "count_exceptions")),
]
FAMILIES: dict[str, tuple[str, ...]] = {
    "UnknownMetricFamily": ("value", "labels", "unit"),
    "GaugeMetricFamily": ("value", "labels", "unit"),
    "CounterMetricFamily": ("value", "labels", "created", "unit"),
    "SummaryMetricFamily": ("count_value", "sum_value", "labels", "unit"),
    "HistogramMetricFamily": ("buckets", "sum_value", "labels", "unit"),
    "GaugeHistogramMetricFamily": ("buckets", "gsum_value", "labels", "unit"),
    "InfoMetricFamily": ("value", "labels"),
    "StateSetMetricFamily": ("value", "labels"),
}

Act = Callable[[ModuleType, Any], Any]


def cases() -> Iterator[tuple[str, Any, Act]]:
    """What is called, with which value, and the call."""
    for kind, own in INSTRUMENTS.items():
        for name in (*COMMON, *own):
            yield from _each(
                f"{kind}({name}=)",
                lambda client, registry, value, kind=kind, name=name: _made(client, kind, registry, **{name: value}),
            )
        for method in ("labels", "remove", "remove_by_labels"):
            yield from _each(
                f"{kind}[a].{method}()",
                lambda client, registry, value, kind=kind, method=method: getattr(
                    _made(client, kind, registry, labelnames=["a"]), method
                )(value),
            )
    for kind, method in RECORDS:
        yield from _each(
            f"{kind}.{method}()",
            lambda client, registry, value, kind=kind, method=method: getattr(_made(client, kind, registry), method)(
                value
            ),
        )
    for name, parameters in FAMILIES.items():
        for parameter in parameters:
            yield from _each(
                f"{name}({parameter}=)",
                lambda client, registry, value, name=name, parameter=parameter: registry.register(
                    _Fixed(getattr(client.core, name)("m", "d", **{parameter: value}))
                ),
            )
    yield from _each("get_sample_value(labels=)", lambda client, registry, value: registry.get_sample_value("m", value))
    yield from _each("set_target_info()", lambda client, registry, value: registry.set_target_info(value))
    yield from _each("register()", lambda client, registry, value: registry.register(value))
    yield from _each("unregister()", lambda client, registry, value: registry.unregister(value))


def _each(what: str, act: Callable[[ModuleType, Any, Any], Any]) -> Iterator[tuple[str, Any, Act]]:
    for value in VALUES:
        yield what, value, lambda client, registry, value=value: act(client, registry, value)


def _made(client: ModuleType, kind: str, registry: Any, **arguments: Any) -> Any:
    return getattr(client, kind)(
        **{"name": "m", "documentation": "d", "registry": registry, **INSTRUMENTS[kind], **arguments}
    )


class _Fixed:
    def __init__(self, family: Any) -> None:
        self.family = family

    def collect(self) -> list[Any]:
        return [self.family]


def outcome(client: ModuleType, act: Act) -> tuple[type[Exception] | None, bytes]:
    """The exception, of the call or of the scrapes after it, or what they show."""
    registry = client.CollectorRegistry()
    try:
        act(client, registry)
        shown = client.generate_latest(registry) + client.openmetrics.exposition.generate_latest(registry)
    except Exception as error:
        return type(error), b""
    return None, re.sub(rb"(?m)^(\w+_created(?:\{.*\})?) [0-9.e+-]+$", rb"\1 T", shown)


def _is_number_of_another_kind(value: Any) -> bool:
    return isinstance(value, decimal.Decimal | Real)


# Where they differ, and are meant to, with the reason.
_MEANT: dict[str, Callable[[str, Any], bool]] = {
    "label names that are empty or there twice are refused": lambda what, value: (
        "labelnames" in what
        and (value in (["a", "a"], [""]) or (isinstance(value, str) and len(set(value)) < len(value)))
    ),
    "bounds that Prometheus refuses are refused": lambda what, value: (
        what == "Histogram(buckets=)" and isinstance(value, list)
    ),
    "states that are there twice are refused": lambda what, value: (
        what == "Enum(states=)" and (value == ["a", "a"] or (isinstance(value, str) and len(set(value)) < len(value)))
    ),
    "NaN and infinities do not spoil a counter or a sum": lambda what, value: (
        what in ("Counter.inc()", "Summary.observe()", "Histogram.observe()")
        and isinstance(value, float)
        and not math.isfinite(value)
    ),
    "whatever float() takes is an amount": lambda what, value: (
        what.split(".")[-1] in ("inc()", "dec()", "observe()", "set()") and _is_number_of_another_kind(value)
    ),
    "a mode that is no text is a bad value": lambda what, value: what == "Gauge(multiprocess_mode=)",
    "facts become texts": lambda what, value: what == "Info.info()" and isinstance(value, dict),
    "numbers that no double holds are written in full": lambda what, value: (
        "MetricFamily(" in what and value == 10**400
    ),
    "label values that UTF-8 cannot encode do not spoil the scrape": lambda what, value: (
        what.endswith("[a].labels()") and value == "\ud800"
    ),
}


def is_alike(ours: tuple[type[Exception] | None, bytes], peers: tuple[type[Exception] | None, bytes]) -> bool:
    if ours[0] is None or peers[0] is None:
        return ours == peers
    # Where it fails by accident, over an attribute or a key of what it was given, ours says what is wrong.
    return issubclass(ours[0], peers[0] if peers[0] in (ValueError, TypeError) else (ours[0],))


def test_odd_arguments_do_as_the_peers() -> None:
    different: list[str] = []
    unused = set(_MEANT)
    count = 0
    for what, value, act in cases():
        count += 1
        ours, peers = outcome(OURS, act), outcome(PEER, act)
        if is_alike(ours, peers):
            continue
        reasons = {reason for reason, holds in _MEANT.items() if holds(what, value)}
        unused -= reasons
        if not reasons:
            different.append(f"{what} with {value!r}: ours {ours}, the peer's {peers}")
    assert different == []
    assert unused == set()
    assert count > 4000


@pytest.mark.parametrize("client", [OURS, PEER], ids=["ours", "peer"])
def test_units_that_are_none_are_no_units(client: ModuleType) -> None:
    registry = client.CollectorRegistry()
    client.Counter("c", "", unit=None, registry=registry)
    assert client.core.Metric("m", "", "gauge", unit=None).name == "m"
    assert b"c_total 0.0" in client.generate_latest(registry)


@pytest.mark.parametrize("client", [OURS, PEER], ids=["ours", "peer"])
@pytest.mark.parametrize("buckets", [[], (), ""])
def test_empty_buckets_raise(client: ModuleType, buckets: Any) -> None:
    with pytest.raises(ValueError, match="at least two buckets"):
        client.Histogram("h", "", buckets=buckets, registry=None)
    with pytest.raises(IndexError):
        client.core.HistogramMetricFamily("h", "", buckets=buckets)
