"""What one record costs, and what a decorator adds to a call."""

from __future__ import annotations

import functools
import time
from typing import Any

import toolvitals as tv
from benchmarks.python.floor import empty_c_call
from benchmarks.python.peers import PlainCollector, PrometheusTools, opentelemetry_instruments, timed_async
from benchmarks.python.timing import Effort, Subject, measure

__all__ = ["run"]


def empty() -> None:
    """Nothing: the smallest tool there is."""


async def empty_async() -> None:
    """Nothing, awaited."""


def one_item() -> Any:
    """Yields once."""
    yield


async def one_item_async() -> Any:
    """Yields once, asynchronously."""
    yield


def identity(key: int) -> int:
    """What is cached."""
    return key


def _floors() -> list[Subject]:
    function, instance = empty_c_call()
    return [
        Subject("empty Python function", "f()", {"f": empty}),
        Subject("empty C function", "f()", {"f": function}),
        Subject("empty C method", "o.nothing()", {"o": instance}),
        Subject("perf_counter_ns", "f()", {"f": time.perf_counter_ns}),
        Subject("plain await", "await f()", {"f": empty_async}, is_async=True),
        Subject("plain generator", "for _ in f(): pass", {"f": one_item}),
        Subject("plain async generator", "async for _ in f(): pass", {"f": one_item_async}, is_async=True),
        Subject("functools.lru_cache hit", "f(1)", {"f": functools.lru_cache(maxsize=1024)(identity)}),
    ]


def _peers() -> list[Subject]:
    prometheus = PrometheusTools()
    counter = prometheus.calls.labels("search", "success")
    histogram = prometheus.durations.labels("search")
    timed = prometheus.durations.labels("timed").time()(empty)
    plain = PlainCollector()
    otel_counter, otel_histogram, _ = opentelemetry_instruments()
    return [
        Subject("prometheus_client child inc", "c.inc()", {"c": counter}),
        Subject("prometheus_client labels().inc", "c.labels('search', 'success').inc()", {"c": prometheus.calls}),
        Subject("prometheus_client child observe", "h.observe(0.0125)", {"h": histogram}),
        Subject("prometheus_client record by name", "p.record('search', True, 12.5)", {"p": prometheus}),
        Subject("prometheus_client Histogram.time", "f()", {"f": timed}),
        Subject("prometheus_client decorator", "f()", {"f": prometheus.tool(empty)}),
        Subject("RLock + dict + deque", "p.record('search', True, 12.5)", {"p": plain}),
        Subject(
            "OpenTelemetry counter.add",
            "c.add(1, {'tool': 'search', 'outcome': 'success'})",
            {"c": otel_counter},
        ),
        Subject("OpenTelemetry histogram.record", "h.record(0.0125, {'tool': 'search'})", {"h": otel_histogram}),
        Subject("Python async decorator", "await f()", {"f": timed_async(empty_async, [0.0])}, is_async=True),
    ]


def _ours() -> list[Subject]:
    collector = tv.get_collector()
    tool = collector.tool("kept")
    cache = collector.cache("kept")
    kept = functools.lru_cache(maxsize=1024)(identity)
    return [
        Subject("tool.record_call", "t.record_call(success=True, latency_ms=12.5)", {"t": tool}),
        Subject("tool.record_call, positional", "t.record_call(True, 12.5)", {"t": tool}),
        Subject(
            "record_tool_call",
            "c.record_tool_call('search', success=True, latency_ms=12.5)",
            {"c": collector},
        ),
        Subject(
            "record_tool_call, failed",
            "c.record_tool_call('search', success=False, latency_ms=12.5, error_type='TimeoutError')",
            {"c": collector},
        ),
        Subject("cache.record_hit", "c.record_hit()", {"c": cache}),
        Subject("record_cache_hit", "c.record_cache_hit('semantic')", {"c": collector}),
        Subject("@tool sync", "f()", {"f": tv.tool("sync")(empty)}),
        Subject("@tool async", "await f()", {"f": tv.tool("async")(empty_async)}, is_async=True),
        Subject("@tool generator", "for _ in f(): pass", {"f": tv.tool("generator")(one_item)}),
        Subject(
            "@tool async generator",
            "async for _ in f(): pass",
            {"f": tv.tool("async_generator")(one_item_async)},
            is_async=True,
        ),
        Subject("with track", "with track('tracked'): pass", {"track": tv.track}),
        Subject("@cached hit", "f(1)", {"f": tv.cached("cached", maxsize=1024)(identity)}),
        Subject("instrument_cache of lru_cache hit", "f(1)", {"f": tv.instrument_cache(kept, "instrumented")}),
    ]


def run(quick: bool) -> dict[str, Any]:
    """Nanoseconds by subject, best and median."""
    timings = measure([*_floors(), *_ours(), *_peers()], Effort.of(quick))
    return {name: {"best": timing.best, "median": timing.median} for name, timing in timings.items()}
