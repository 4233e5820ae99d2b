"""Windows of every size, compared with the quantiles of the standard library; the settings say how large one may be."""

from __future__ import annotations

import random
import statistics
from typing import Any

import toolvitals as tv

PERCENTS = (50, 75, 90, 95, 99)


def sizes_that_differ(method: Any) -> list[int]:
    draw = random.Random(7)
    shapes = (
        lambda: draw.expovariate(0.1),
        lambda: 7.25,
        lambda: draw.choice((5e-324, 1e-310, 3e-308)),
        lambda: 10.0 ** draw.uniform(-300, 300),
    )
    tool = tv.get_collector().tool("t")
    wrong = []
    sizes = [*range(130), *draw.sample(range(130, 5000), 60), 4999, 5000]
    for number, size in enumerate(sizes):
        window = [shapes[number % 4]() for _ in range(size)]
        tv.get_collector().reset()
        for sample in window:
            tool.record_call(latency_ms=sample)
        found = tool.metrics()["latency_ms"]
        cuts: list[Any] = statistics.quantiles(window, n=100, method=method) if size > 1 else [None] * 99
        if [found[f"p{percent}"] for percent in PERCENTS] != [cuts[percent - 1] for percent in PERCENTS]:
            wrong.append(size)
    return wrong
