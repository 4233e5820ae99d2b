"""What reading costs: the percentiles of one window, the whole text of a hundred tools."""

from __future__ import annotations

import statistics
from itertools import islice
from typing import Any

from prometheus_client import generate_latest

import toolvitals as tv
from benchmarks.python.data import SAMPLES, fill, latencies_ms, record_once
from benchmarks.python.peers import PlainCollector, PrometheusTools
from benchmarks.python.timing import Timing, measure_calls
from toolvitals import _core

__all__ = ["run"]


def _best(timings: dict[str, Timing]) -> dict[str, Any]:
    return {name: {"best": timing.best, "median": timing.median} for name, timing in timings.items()}


def run(quick: bool) -> dict[str, Any]:
    """Nanoseconds by reader, best and median."""
    collector = tv.get_collector()
    prometheus = PrometheusTools()
    plain = PlainCollector()

    def record_everywhere(name: str, success: bool, latency_ms: float) -> None:
        collector.record_tool_call(name, success=success, latency_ms=latency_ms)
        prometheus.record(name, success, latency_ms)
        plain.record(name, success, latency_ms)

    fill(record_everywhere)
    window = list(islice(latencies_ms(seed=3), SAMPLES))
    calls = {
        "statistics.quantiles of 1000": lambda: statistics.quantiles(window, n=100),
        "get_tool_metrics": lambda: collector.get_tool_metrics("tool_7"),
        "get_all_metrics": collector.get_all_metrics,
        "plain snapshot": plain.snapshot,
        "render prometheus": lambda: _core.render("prometheus"),
        "render json": lambda: _core.render("json"),
        "generate_latest": lambda: generate_latest(prometheus.registry),
    }
    rounds = 2 if quick else 40
    busy = measure_calls(calls, rounds, before=lambda: record_once(record_everywhere))
    idle = measure_calls({name: calls[name] for name in ("render prometheus", "generate_latest")}, rounds)
    return {
        "busy": _best(busy),
        "idle": _best(idle),
        "lines": {
            "toolvitals": _core.render("prometheus").count(b"\n"),
            "prometheus_client": generate_latest(prometheus.registry).count(b"\n"),
        },
    }
