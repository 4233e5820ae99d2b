"""Processes whose shared directory cannot be, or cannot grow; and one that reads somebody else's."""

from __future__ import annotations

import resource
import warnings
from typing import Any

import toolvitals as tv


def start_in_a_bad_directory() -> list[Any]:
    tv.get_collector().record_tool_call("search", success=True, latency_ms=1.0)
    try:
        tv.start(json_port=0)
    except OSError as error:
        return [type(error).__name__, str(error), list(tv.get_collector().get_all_metrics()["tools"])]
    return ["started"]


def record_on_a_full_disk() -> list[Any]:
    """A limit on the size of files is to the core what a full disk is: no room can be reserved."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        collector = tv.get_collector()
    from toolvitals._backend import core

    collector.record_tool_call("search", success=True, latency_ms=1.0)
    metrics = collector.get_tool_metrics("search")
    said = [str(warning.message) for warning in caught]
    return [said, core.shared_directory(), metrics and metrics["total_calls"]]


def record_where_files_cannot_grow() -> list[Any]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    collector = tv.get_collector()
    for i in range(500):
        collector.record_tool_call(f"tool {i}", success=True, latency_ms=1.0)
    tools = collector.get_all_metrics()["tools"]
    return [sum(tool["total_calls"] for tool in tools.values()), "overflow" in tools]


def read_a_directory(path: str) -> list[Any]:
    from toolvitals.sources import Directory

    seen = Directory(path).observe()
    assert seen.segments is not None
    return [seen.snapshot.tools["search"].total_calls, sorted(one.state for one in seen.segments)]
