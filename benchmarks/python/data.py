"""The same data in every library: 100 tools with 1,000 latencies each, or 11,000 label sets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

__all__ = ["SAMPLES", "TOOLS", "fill", "labelled_registry", "latencies_ms", "record_once", "tool_names"]

TOOLS = 100
SAMPLES = 1000
COUNTERS = 10_000
HISTOGRAMS = 1_000

Record = Callable[[str, bool, float], object]


def tool_names() -> list[str]:
    """The names of the tools."""
    return [f"tool_{i}" for i in range(TOOLS)]


def latencies_ms(seed: int) -> Iterator[float]:
    """Endless latencies, log-normal around 20 ms as tools have them."""
    source = random.Random(seed)
    while True:
        yield source.lognormvariate(3.0, 1.0)


def fill(record: Record) -> None:
    """Records 1,000 calls of each tool, every fiftieth failed."""
    latencies = latencies_ms(seed=1)
    for name in tool_names():
        for i in range(SAMPLES):
            record(name, i % 50 != 0, next(latencies))


def record_once(record: Record) -> None:
    """One more call of each tool, so that no window is as the last reader left it."""
    latencies = latencies_ms(seed=2)
    for name in tool_names():
        record(name, True, next(latencies))


def labelled_registry(client: Any) -> Any:
    """Ten thousand counters and a thousand histograms: 28,000 lines."""
    client.disable_created_metrics()  # or a third of its lines would tell when a child was made
    registry = client.CollectorRegistry()
    calls = client.Counter("calls", "Calls.", ["tool", "outcome"], registry=registry)
    durations = client.Histogram("duration_seconds", "Durations.", ["tool"], registry=registry)
    for i in range(COUNTERS):
        calls.labels(f"tool_{i}", "success").inc(i)
    for i, latency_ms in enumerate(islice(latencies_ms(seed=1), HISTOGRAMS)):
        durations.labels(f"tool_{i}").observe(latency_ms / 1000)
    return registry
