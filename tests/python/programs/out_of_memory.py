"""A program whose memory is used up, and which lives on, as any may that catches MemoryError."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import toolvitals as tv
from toolvitals.prometheus import Counter, Histogram, generate_latest

_MIB = 1 << 20
_ATTEMPTS = 3000


@contextlib.contextmanager
def _without_memory() -> Iterator[None]:
    """Takes all that the process may have, down to the smallest pieces that the C library gives.

    Python keeps room for small objects of its own, so that the program can go on.
    """
    cushion: list[bytes] = []
    between: list[bytes] = []
    for size in list(range(1, 480, 16)) * 250:
        cushion.append(bytes(size))
        between.append(bytes(size))
    status = Path("/proc/self/status").read_text()
    used = int(next(line for line in status.splitlines() if line.startswith("VmSize")).split()[1]) << 10
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 16 * _MIB, before[1]))
    hog: list[bytearray] = []
    for size in (_MIB, 1 << 16, 1 << 12, 600):
        with contextlib.suppress(MemoryError):
            while True:
                hog.append(bytearray(size))
    cushion.clear()
    try:
        yield
    finally:
        hog.clear()
        resource.setrlimit(resource.RLIMIT_AS, before)


def _times(names: list[str], attempt: Callable[[str], object]) -> int:
    """How many of the attempts, each with a name of its own, ended without a MemoryError."""
    done = 0
    for name in names:
        try:
            attempt(name)
            done += 1
        except MemoryError:  # noqa: PERF203 (each is tried)
            pass
    return done


_NAMES = [f"name-{number}-{'x' * 60}" for number in range(_ATTEMPTS)]
_SOME, _FEW = _NAMES[:200], _NAMES[:5]


def record_new_names() -> list[object]:
    """What is recorded under new names: whether it raised, whether all of it was taken or dropped and counted."""
    collector = tv.get_collector()
    collector.record_tool_call("known", latency_ms=1)
    with _without_memory():
        raised = _ATTEMPTS - _times(_NAMES, lambda name: collector.record_tool_call(name, latency_ms=1))
        raised += _ATTEMPTS - _times(_NAMES, collector.record_cache_hit)
        collector.record_tool_call("known", latency_ms=1)
    metrics = collector.get_all_metrics()
    taken = sum(tool["total_calls"] for tool in metrics["tools"].values()) - metrics["tools"]["known"]["total_calls"]
    taken += sum(cache["hits"] for cache in metrics["caches"].values())
    dropped = metrics["toolvitals"]["dropped_records"]["memory"]
    return [raised, dropped > 0, taken + dropped, metrics["tools"]["known"]["total_calls"]]


def record_errors() -> list[object]:
    """Calls that failed with new types of error: whether each is counted as a failure."""
    tool = tv.get_collector().tool("failing")
    with _without_memory():
        raised = 200 - _times(_SOME, lambda name: tool.record_call(success=False, latency_ms=1, error_type=name))
    return [raised, tool.metrics()["failed_calls"]]


def define_and_label() -> list[object]:
    """New series and families: whether as many are there afterwards as were made without a MemoryError."""
    counter, histogram = Counter("orders", "Orders.", ["who"]), Histogram("sizes", "Sizes.", ["who"])
    made: list[Counter] = []
    with _without_memory():
        counted = _times(_NAMES, lambda name: counter.labels(name).inc())
        _times(_NAMES, lambda name: histogram.labels(name).observe(1))
        _times(_SOME, lambda name: made.append(Counter(name.replace("-", "_"), "x")))
    there = sum(sample.name == "orders_total" for family in counter.collect() for sample in family.samples)
    anew = counter.labels("anew")
    anew.inc()
    lines = generate_latest().decode().splitlines()
    return [
        counted < _ATTEMPTS,
        there - counted in (0, 1),
        len(lines) - len(set(lines)),
        'orders_total{who="anew"} 1.0' in lines,
    ]


def read() -> list[object]:
    """Everything that reads: whether it fails without memory, and whether it is right once there is some again."""
    counter = Counter("orders", "Orders.", ["who"])
    for name in _NAMES[:500]:
        counter.labels(name).inc()
    tv.get_collector().record_tool_call("known", latency_ms=1)
    before = generate_latest()
    reads: list[Callable[[], object]] = [
        generate_latest,
        tv.snapshot,
        tv.get_collector().get_all_metrics,
        tv.sources.ThisProcess().read,
    ]
    for name in _NAMES[500:700]:
        counter.labels(name).inc()
    failed = 0
    with _without_memory():
        for reading in reads:
            failed += 5 - _times(_FEW, lambda _: reading())  # noqa: B023 (called at once)
    after = [line for line in generate_latest().decode().splitlines() if line.startswith("orders_total{")]
    shown = len(tv.snapshot().families["orders"].series)
    return [
        len(before) > 0,
        failed > 0,
        len(after),
        shown,
        tv.get_collector().get_all_metrics()["tools"]["known"]["total_calls"],
    ]
