"""What a snapshot as Python values costs, beside what the peers' collectors make of the same content."""

from __future__ import annotations

from itertools import islice
from typing import Any

import prometheus_client

import toolvitals as tv
from benchmarks.python.data import COUNTERS, HISTOGRAMS, fill, labelled_registry, latencies_ms, record_once
from benchmarks.python.peers import PrometheusTools, opentelemetry_instruments
from benchmarks.python.timing import Timing, measure_calls
from toolvitals import prometheus

__all__ = ["run"]


def _with_tools() -> tv.snapshot.Snapshot:
    snapshot = tv.snapshot()
    len(snapshot.tools)  # which makes them
    return snapshot


def _with_families() -> tv.snapshot.Snapshot:
    snapshot = tv.snapshot()
    len(snapshot.families)  # which makes them
    return snapshot


def _condensed(timings: dict[str, Timing]) -> dict[str, Any]:
    return {name: {"best": timing.best, "median": timing.median} for name, timing in timings.items()}


def _tools(rounds: int) -> dict[str, Any]:
    """A hundred tools with a thousand calls each, in every library."""
    theirs = PrometheusTools()
    counter, histogram, reader = opentelemetry_instruments()

    def record_everywhere(name: str, success: bool, latency_ms: float) -> None:
        tv.get_collector().record_tool_call(name, success=success, latency_ms=latency_ms)
        theirs.record(name, success, latency_ms)
        counter.add(1, {"tool": name, "outcome": "success" if success else "error"})
        histogram.record(latency_ms / 1000, {"tool": name})

    fill(record_everywhere)
    calls = {
        "tv.snapshot()": tv.snapshot,
        "tv.snapshot() and its tools": _with_tools,
        "tv.snapshot() and its families": _with_families,
        "prometheus_client: registry.collect()": lambda: list(theirs.registry.collect()),
        "OpenTelemetry: InMemoryMetricReader": reader.get_metrics_data,
    }
    return {
        "idle": _condensed(measure_calls(calls, rounds)),
        "busy": _condensed(measure_calls(calls, rounds, before=lambda: record_once(record_everywhere))),
    }


def _labelled(rounds: int) -> dict[str, Any]:
    """Ten thousand counters and a thousand histograms, in every library."""
    # Those of the default registry are what a snapshot shows.
    calls = prometheus.Counter("calls", "Calls.", ["tool", "outcome"])
    durations = prometheus.Histogram("duration_seconds", "Durations.", ["tool"])
    theirs = labelled_registry(prometheus_client)
    counter, histogram, reader = opentelemetry_instruments()

    def record_ours() -> None:
        for i in range(COUNTERS):
            calls.labels(f"tool_{i}", "success").inc(i + 1)
        for i, latency_ms in enumerate(islice(latencies_ms(seed=1), HISTOGRAMS)):
            durations.labels(f"tool_{i}").observe(latency_ms / 1000)

    record_ours()
    for i in range(COUNTERS):
        counter.add(i, {"tool": f"tool_{i}", "outcome": "success"})
    for i, latency_ms in enumerate(islice(latencies_ms(seed=1), HISTOGRAMS)):
        histogram.record(latency_ms / 1000, {"tool": f"tool_{i}"})
    ours = {"tv.snapshot()": tv.snapshot, "tv.snapshot() and its families": _with_families}
    peers = {
        "prometheus_client: registry.collect()": lambda: list(theirs.collect()),
        "OpenTelemetry: InMemoryMetricReader": reader.get_metrics_data,
    }
    return {
        "idle": _condensed(measure_calls({**ours, **peers}, rounds)),
        # The peers make every value anew each time, so it is all one to them whether anything was recorded.
        "busy": _condensed(measure_calls(ours, rounds, before=record_ours)),
    }


def run(quick: bool) -> dict[str, Any]:
    """Nanoseconds by reader, best and median."""
    # Room for more label sets than the default has.
    tv.start(json_endpoint_enabled=False, max_series=4 * COUNTERS)
    rounds = 2 if quick else 20
    # Tools first: what is measured of them is to be without the instruments.
    return {"tools": _tools(rounds), "labelled": _labelled(rounds)}
