"""The same 100 tools with the same 1,000 latencies each, in every library."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

__all__ = ["SAMPLES", "TOOLS", "fill", "latencies_ms", "record_once", "tool_names"]

TOOLS = 100
SAMPLES = 1000

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
