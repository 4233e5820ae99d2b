"""What programs that fork need: something that was recorded before, ways to fork, and what is shown then."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from typing import Any

import toolvitals as tv
from toolvitals import prometheus
from toolvitals._backend import core


class Service:
    """What has recorded already when it forks."""

    def __init__(self) -> None:
        self.collector = tv.get_collector()
        self.counter = prometheus.Counter("jobs", "Help.", ["kind"])
        prometheus.Gauge("level", "Help.").set(3)
        self.collector.record_tool_call("search", success=True, latency_ms=1.0)

    def record(self) -> None:
        self.collector.record_tool_call("search", success=True, latency_ms=2.0)

    def count(self, kind: str, amount: float = 1) -> None:
        self.counter.labels(kind).inc(amount)

    def calls(self) -> int:
        found = self.collector.get_tool_metrics("search")
        assert found is not None
        total: int = found["total_calls"]
        return total


def fork(body: Callable[[], object]) -> int:
    """The process id of a child that ends when the body has returned."""
    pid = os.fork()
    if pid == 0:
        try:
            body()
        finally:
            os._exit(0)
    return pid


def run(body: Callable[[], object]) -> int:
    """The status of a child that has ended."""
    return os.waitpid(fork(body), 0)[1]


def fork_and_wait(body: Callable[[], object], at_once: Callable[[], object] = lambda: None) -> Callable[[], object]:
    """Lets a child wait with its body until the function that is returned is called, and has ended then."""
    reader, writer = os.pipe()

    def wait() -> None:
        os.close(writer)
        at_once()
        os.read(reader, 1)
        body()

    pid = fork(wait)
    os.close(reader)

    def end() -> None:
        os.write(writer, b"x")
        os.waitpid(pid, 0)

    return end


def text() -> str:
    return core.render("prometheus").decode()


def lines(name: str) -> list[str]:
    """The lines of the exposition that begin with it."""
    return [line for line in text().splitlines() if line.startswith(name)]


def own_metrics() -> Any:
    """What the package says of itself."""
    return json.loads(core.render("json"))["toolvitals"]


def call_an_lru_function_in_a_child() -> list[Any]:
    """What was counted before the fork, and by both behind it: hits, misses, evictions."""
    function = tv.instrument_cache(functools.lru_cache(maxsize=1)(lambda x: x), "things")
    function(1), function(1)

    def recorded() -> list[int]:
        counts = tv.get_collector().get_cache_metrics("things")
        assert counts is not None
        return [counts["hits"], counts["misses"], counts["evictions"]]

    before = recorded()
    run(lambda: (function(1), function(2)))
    function(1)
    return [before, recorded()]
