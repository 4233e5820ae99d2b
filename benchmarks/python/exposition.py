"""What a large scrape costs: 28,000 lines of each library, from Python."""

from __future__ import annotations

from itertools import islice
from typing import Any

import prometheus_client
from prometheus_client import generate_latest

import toolvitals as tv
from benchmarks.python.data import SAMPLES, labelled_registry, latencies_ms
from benchmarks.python.timing import measure_calls
from toolvitals import _core, prometheus

__all__ = ["run"]

TOOLS = 966


def _tools() -> list[tv.ToolMetrics]:
    """Tools with full windows; one call in fifty failed, which gives each one line more."""
    tools = [tv.get_collector().tool(f"tool_{i}") for i in range(TOOLS)]
    for seed, tool in enumerate(tools):
        for i, latency_ms in enumerate(islice(latencies_ms(seed), SAMPLES)):
            tool.record_call(success=i % 50 != 0, latency_ms=latency_ms, error_type="TimeoutError")
    return tools


def run(quick: bool) -> dict[str, Any]:
    """Nanoseconds by renderer, best and median, and lines."""
    tools = _tools()
    registry = labelled_registry(prometheus_client)

    def call_every_tool() -> None:
        for tool in tools:
            tool.record_call(latency_ms=1.0)

    ours = {"render": lambda: _core.render("prometheus"), "from Python": prometheus.generate_latest}
    rounds = 2 if quick else 30
    idle = measure_calls(ours, rounds)
    busy = measure_calls(ours, rounds, before=call_every_tool)
    timings = {
        "generate_latest": measure_calls({"": lambda: generate_latest(registry)}, 2 if quick else 8)[""],
        "idle": idle["render"],
        "busy": busy["render"],
        "idle, from Python": idle["from Python"],
        "busy, from Python": busy["from Python"],
    }
    return {
        **{name: {"best": timing.best, "median": timing.median} for name, timing in timings.items()},
        "lines": {
            "toolvitals": _core.render("prometheus").count(b"\n"),
            "prometheus_client": generate_latest(registry).count(b"\n"),
        },
    }
