"""The designs toolvitals is compared with, written as their users write them."""

from __future__ import annotations

import functools
import statistics
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

__all__ = ["BOUNDS", "PlainCollector", "PrometheusTools", "opentelemetry_instruments", "timed_async"]

# Toolvitals' own default bounds, so that both sides keep as many buckets.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)


class PlainCollector:
    """The design everybody writes first: a lock, a dict and a deque per tool."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tools: dict[str, dict[str, Any]] = {}

    def record(self, name: str, success: bool, latency_ms: float) -> None:
        """Counts a call and keeps its latency."""
        with self._lock:
            tool = self._tools.get(name)
            if tool is None:
                tool = self._tools[name] = {"ok": 0, "failed": 0, "total_ms": 0.0, "window": deque(maxlen=1000)}
            tool["ok" if success else "failed"] += 1
            tool["total_ms"] += latency_ms
            tool["window"].append(latency_ms)

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Counts and percentiles of every tool."""
        result = {}
        with self._lock:
            for name, tool in self._tools.items():
                cuts = statistics.quantiles(tool["window"], n=100)
                result[name] = {
                    "successful_calls": tool["ok"],
                    "failed_calls": tool["failed"],
                    "total_latency_ms": tool["total_ms"],
                    "p50": cuts[49],
                    "p75": cuts[74],
                    "p90": cuts[89],
                    "p95": cuts[94],
                    "p99": cuts[98],
                }
        return result


class PrometheusTools:
    """Tool calls on prometheus_client: a labelled counter, a labelled histogram, and the usual decorator over them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter("tool_calls", "Finished tool calls.", ["tool", "outcome"], registry=self.registry)
        self.durations = Histogram(
            "tool_call_duration_seconds", "Duration of tool calls.", ["tool"], registry=self.registry, buckets=BOUNDS
        )

    def record(self, name: str, success: bool, latency_ms: float) -> None:
        """Counts a call and observes its duration."""
        self.calls.labels(name, "success" if success else "error").inc()
        self.durations.labels(name).observe(latency_ms / 1000)

    def tool(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The decorator one finds in most services."""
        name = function.__name__

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            outcome = "success"
            try:
                return function(*args, **kwargs)
            except Exception:
                outcome = "error"
                raise
            finally:
                self.calls.labels(tool=name, outcome=outcome).inc()
                self.durations.labels(tool=name).observe(time.perf_counter() - started)

        return wrapper


def opentelemetry_instruments(boundaries: Sequence[float] = BOUNDS) -> tuple[Any, Any, Any]:
    """A counter and a histogram of the OpenTelemetry SDK, and the reader that collects them."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("benchmarks")
    counter = meter.create_counter("tool.calls")
    histogram = meter.create_histogram(
        "tool.duration", unit="s", explicit_bucket_boundaries_advisory=list(map(float, boundaries))
    )
    return counter, histogram, reader


def timed_async(function: Callable[..., Awaitable[Any]], total: list[float]) -> Callable[..., Awaitable[Any]]:
    """An async decorator in Python that times a call and does nothing else with it."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return await function(*args, **kwargs)
        finally:
            total[0] += time.perf_counter() - started

    return wrapper
