"""Collectors and functions that raise or hang, at the native endpoint: they harm nobody, and are named."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest
from child import result_of, run
from programs import collecting
from scrapes import fetch
from waiting import wait_until

import toolvitals as tv
import toolvitals.prometheus as ours
from toolvitals.collectors import refresh
from toolvitals.prometheus import core
from toolvitals.prometheus.openmetrics.parser import text_string_to_metric_families
from toolvitals.testing import isolated

_OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
_DEADLINE_S = 60.0
_SETTINGS: dict[str, Any] = {
    "json_port": 0,
    "prometheus_enabled": True,
    "prometheus_port": 0,
    "refresh_interval_s": 0.1,
}


class Panic(BaseException):
    """As pyo3 makes an exception of a panic of Rust: no Exception."""


class Endpoint:
    """What an endpoint shows."""

    def __init__(self, running: tv.Endpoints) -> None:
        self._running = running

    def samples(self, name: str) -> list[Any]:
        text = fetch(f"{self._running.prometheus_url}?name[]={name}", Accept=_OPEN_METRICS)
        return [s for metric in text_string_to_metric_families(text) for s in metric.samples if s.name == name]

    def value(self, name: str, **labels: str) -> float | None:
        return next((s.value for s in self.samples(name) if s.labels == labels), None)

    def document(self) -> dict[str, Any]:
        return json.loads(fetch(self._running.json_url))

    def collector(self, name: str) -> dict[str, Any]:
        return self.document()["toolvitals"]["collectors"].get(name, {})


@pytest.fixture
def add() -> Iterator[Callable[[Any], Any]]:
    added = []

    def register(collector: Any) -> Any:
        if collector not in ours.REGISTRY._collector_to_names:
            ours.REGISTRY.register(collector)
        added.append(collector)
        return collector

    yield register
    for collector in added:
        if collector in ours.REGISTRY._collector_to_names:
            ours.REGISTRY.unregister(collector)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with isolated(), tv.start(**_SETTINGS) as running:
        yield Endpoint(running)


def collector_of(name: str, collect: Callable[[], Iterable[core.Metric]]) -> Any:
    """A collector whose class has the name, and that reserves nothing."""
    methods = {"collect": lambda self: collect(), "describe": lambda self: [], "__module__": "app"}
    return type(name, (), methods)()


def steady(name: str) -> Any:
    return collector_of(name.title(), lambda: [core.GaugeMetricFamily(name, "h", value=1)])


@pytest.mark.parametrize(
    "error",
    [ValueError, asyncio.CancelledError, SystemExit, KeyboardInterrupt, GeneratorExit, Panic],
)
def test_whatever_a_collector_raises_the_others_run_and_it_is_tried_again(endpoint, add, error):
    raises = [error("no more")]

    def collect() -> Iterable[core.Metric]:
        if raises:
            raise raises[0]
        yield core.GaugeMetricFamily("healed", "h", value=2)

    name = f"app.Raises{error.__name__}"
    add(collector_of(f"Raises{error.__name__}", collect))
    add(steady("unharmed"))
    wait_until(lambda: endpoint.value("toolvitals_collector_failures_total", collector=name))
    assert endpoint.value("toolvitals_collector_hangs_total", collector=name) == 0
    assert endpoint.value("healed") is None
    assert endpoint.value("toolvitals_collector_age_seconds", collector=name) is None
    assert endpoint.collector(name)["age_seconds"] is None
    assert wait_until(lambda: endpoint.value("unharmed")) == 1
    raises.clear()
    assert wait_until(lambda: endpoint.value("healed")) == 2
    assert endpoint.value("toolvitals_collector_age_seconds", collector=name) >= 0


def test_each_function_of_a_gauge_is_for_itself(endpoint, add):
    gauge = add(ours.Gauge("ten_functions", "h", ["which"]))
    fails = {3}

    def function(i: int) -> float:
        if i in fails:
            raise Panic
        return i

    for i in range(10):
        gauge.labels(str(i)).set_function(lambda i=i: function(i))
    wait_until(lambda: len(endpoint.samples("ten_functions")) == 9)
    assert endpoint.value("ten_functions", which="3") is None
    assert "3" not in [s["labels"]["which"] for s in endpoint.document()["metrics"]["ten_functions"]["series"]]
    assert endpoint.collector("ten_functions")["failures"] > 0
    fails.clear()
    assert wait_until(lambda: endpoint.value("ten_functions", which="3")) == 3
    fails.add(4)
    failures = endpoint.collector("ten_functions")["failures"]
    wait_until(lambda: endpoint.collector("ten_functions")["failures"] > failures)
    assert endpoint.value("ten_functions", which="4") == 4


def test_one_that_hangs_is_named_and_the_others_go_on(add):
    released = threading.Event()
    hangs = add(
        collector_of("Hangs", lambda: released.wait(_DEADLINE_S) * [core.GaugeMetricFamily("late", "h", value=1)])
    )
    gauge = add(ours.Gauge("functions_of_two", "h", ["which"]))
    gauge.labels("hangs").set_function(lambda: float(released.wait(_DEADLINE_S)))
    gauge.labels("goes_on").set_function(time.monotonic)
    with isolated(), tv.start(**_SETTINGS, refresh_deadline_s=0.1) as running:
        endpoint = Endpoint(running)
        try:
            first = wait_until(lambda: endpoint.value("functions_of_two", which="goes_on"))
            wait_until(lambda: endpoint.value("functions_of_two", which="goes_on") > first)
            wait_until(lambda: endpoint.value("toolvitals_collector_hangs_total", collector="functions_of_two"))
            assert endpoint.value("toolvitals_collector_hangs_total", collector="app.Hangs") == 1
            assert endpoint.value("functions_of_two", which="hangs") is None
            seen = endpoint.collector("app.Hangs")
            assert (seen["hangs"], seen["failures"], seen["age_seconds"]) == (1, 0, None)
            assert seen["hanging_seconds"] > 0
        finally:
            released.set()
        wait_until(lambda: endpoint.collector("app.Hangs")["hanging_seconds"] is None)
        assert wait_until(lambda: endpoint.value("functions_of_two", which="hangs")) == 1
        assert wait_until(lambda: endpoint.value("late")) == 1
        assert hangs in ours.REGISTRY._collector_to_names


def test_there_are_not_as_many_threads_as_there_are_hangs(add):
    released = threading.Event()
    threads: set[int] = set()

    def hang() -> float:
        threads.add(threading.get_native_id())
        return float(released.wait(_DEADLINE_S))

    gauge = add(ours.Gauge("many_hang", "h", ["which"]))
    for i in range(40):
        gauge.labels(str(i)).set_function(hang)
    with isolated(), tv.start(**_SETTINGS, refresh_deadline_s=0.1) as running:
        endpoint = Endpoint(running)
        try:
            wait_until(lambda: endpoint.collector("many_hang").get("hangs") == 16)
            assert len(threads) == 16
        finally:
            released.set()
        wait_until(lambda: len(endpoint.samples("many_hang")) == 40)
        assert endpoint.collector("many_hang")["hanging_seconds"] is None


def test_every_refreshed_value_says_of_when_it_is(endpoint, add):
    before = time.time()
    add(steady("stamped"))
    gauge = add(ours.Gauge("stamped_function", "h"))
    gauge.set_function(lambda: 5)
    add(ours.Gauge("set_by_hand", "h")).set(1)
    for name in ("stamped", "stamped_function"):
        sample = wait_until(lambda name=name: endpoint.samples(name))[0]
        assert before - 1 <= float(sample.timestamp) <= time.time()
        series = endpoint.document()["metrics"][name]["series"][0]
        assert before - 1 <= series["timestamp"] <= time.time()
        plain = fetch(endpoint._running.prometheus_url, Accept="text/plain").splitlines()
        assert len(next(line for line in plain if line.startswith(f"{name} ")).split()) == 3
    assert endpoint.samples("set_by_hand")[0].timestamp is None
    assert "timestamp" not in endpoint.document()["metrics"]["set_by_hand"]["series"][0]


def test_a_reset_leaves_functions_values_absent_until_the_next_time(add):
    gauge = add(ours.Gauge("reset_function", "h"))
    gauge.set_function(lambda: 5)
    with isolated(), tv.start(**{**_SETTINGS, "refresh_interval_s": 3600}) as running:
        endpoint = Endpoint(running)
        wait_until(lambda: endpoint.value("reset_function") == 5)
        tv.get_collector().reset()
        assert endpoint.value("reset_function") is None
        refresh()
        assert endpoint.value("reset_function") == 5


@pytest.mark.parametrize("kind", [MagicMock, Mock])
def test_a_mock_is_only_asked_to_collect(endpoint, add, kind):
    mock = kind()
    mock.collect.return_value = [core.GaugeMetricFamily("of_a_mock", "h", value=3)]
    mock.describe.return_value = []
    add(mock)
    assert wait_until(lambda: endpoint.value("of_a_mock")) == 3
    assert {call[0] for call in mock.mock_calls} <= {"collect", "describe", "__bool__", "__hash__"}


def test_names_are_those_of_classes_whatever_they_say(endpoint, add):
    class Liar(type):
        def __getattribute__(cls, name: str) -> Any:
            return 1 if name in ("__module__", "__name__", "__qualname__") else super().__getattribute__(name)

    methods = {"collect": lambda self: [], "describe": lambda self: [], "__module__": "app"}
    add(Liar("Long" + "x" * 1000, (), methods)())
    name = wait_until(
        lambda: [n for n in endpoint.document()["toolvitals"]["collectors"] if n.startswith("app.Longx")]
    )[0]
    assert len(name) == 256


def test_an_interrupt_leaves_refresh_when_the_others_are_collected(endpoint, add):
    def interrupted() -> Iterable[core.Metric]:
        raise KeyboardInterrupt

    add(collector_of("Interrupted", interrupted))
    calls: list[int] = []
    add(collector_of("Behind", lambda: calls.append(1) or []))
    with pytest.raises(KeyboardInterrupt):
        refresh()
    assert calls


def test_threads_end_with_the_endpoints_and_come_back_with_them(add):
    add(steady("comes_back"))

    def names() -> list[str]:
        found = []
        for task in os.listdir("/proc/self/task"):
            # One that has ended meanwhile is not there.
            with contextlib.suppress(OSError), open(f"/proc/self/task/{task}/comm") as name:
                found.append(name.read().strip())
        return found

    for _ in range(2):
        with isolated(), tv.start(**_SETTINGS) as running:
            wait_until(lambda running=running: Endpoint(running).value("comes_back"))
            # The value may be that of the round before, whose threads have ended.
            wait_until(lambda: names().count("tv-refresh") == 2)
        wait_until(lambda: "tv-refresh" not in names())


@pytest.mark.parametrize("how", collecting.HANGS)
def test_the_program_ends_though_a_collector_hangs(how):
    run(collecting.end_while_a_collector_hangs, how)


def test_a_child_of_a_fork_collects_though_a_collector_of_its_parent_hangs():
    assert result_of(collecting.fork_while_a_collector_hangs) == [0, True]
