"""Records with bad arguments, and more names than the budgets hold, in a process that has its own settings and log."""

from __future__ import annotations

import logging
import resource
from collections.abc import Callable
from typing import Any

import toolvitals as tv
from toolvitals.testing import dropped


def log_of_drops() -> list[str]:
    messages: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logging.getLogger("toolvitals").addHandler(Handler())
    for _ in range(3):
        tv.get_collector().record_tool_call("", latency_ms=1.0)
        tv.get_collector().record_tool_call("t", latency_ms=-1.0)
    return messages


def drop_under_a_broken_handler() -> list[Any]:
    calls: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            calls.append(record.getMessage())
            tv.get_collector().record_tool_call("", latency_ms=1.0)
            tv.get_collector().record_tool_call("handler", latency_ms=1.0)
            tv.get_collector().record_tool_call("t", latency_ms=float("nan"))
            raise RuntimeError("a broken handler")

    logging.getLogger("toolvitals").addHandler(Handler())
    tv.get_collector().record_tool_call("", latency_ms=1.0)
    handled = tv.get_collector().get_tool_metrics("handler")
    return [len(calls), dropped(), handled and handled["total_calls"]]


def drop_in_strict_mode() -> list[Any]:
    collector: Any = tv.get_collector()
    tool = collector.tool("t")
    track: Any = tv.track
    records: list[Callable[[], object]] = [
        lambda: collector.record_tool_call("t", True, -1.0),
        lambda: collector.record_tool_call("t", True, float("nan")),
        lambda: collector.record_tool_call("t", True, 10**400),
        lambda: collector.record_tool_call("t", True, "5"),
        lambda: collector.record_tool_call("", True, 1.0),
        lambda: collector.record_tool_call(3, True, 1.0),
        lambda: collector.record_tool_call("t", False, 1.0, 3),
        lambda: collector.record_cache_hit(""),
        lambda: tool.record_call(True),
        lambda: track("").__enter__(),
        lambda: track(3).__enter__(),
    ]
    raised = [_raised_by(record) for record in records]
    tool.record_call(True, 1.0)
    return [raised, tool.metrics()["total_calls"]]


def _raised_by(record: Callable[[], object]) -> str | None:
    try:
        record()
    except (TypeError, ValueError) as error:
        return type(error).__name__
    return None


def record_a_million_names() -> list[int]:
    collector = tv.get_collector()
    collector.record_tool_call("first", latency_ms=1.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for i in range(1_000_000):
        collector.record_tool_call(f"tool {i}", latency_ms=1.0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    tools = collector.get_all_metrics()["tools"]
    total = sum(tool["total_calls"] for tool in tools.values())
    return [total, len(tools), tools["overflow"]["total_calls"], grown]


def record_more_than_the_bytes_hold() -> list[int]:
    collector = tv.get_collector()
    for i in range(50_000):
        collector.record_tool_call(f"tool {i}", latency_ms=1.0)
        collector.record_cache_hit(f"cache {i}")
    found = collector.get_all_metrics()
    calls = sum(tool["total_calls"] for tool in found["tools"].values())
    return [calls, sum(cache["hits"] for cache in found["caches"].values()), len(found["tools"])]
