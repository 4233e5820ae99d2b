"""Settings that reach the core when the package is imported and when endpoints start."""

from __future__ import annotations

from typing import Any

import toolvitals as tv


def _calls(tool: str) -> Any:
    found = tv.get_collector().get_tool_metrics(tool)
    return found and found["total_calls"]


def start_with_a_bad_setting() -> list[Any]:
    tv.get_collector().record_tool_call("t", latency_ms=1.0)
    try:
        tv.start(json_port=0)
    except ValueError as error:
        return [str(error), _calls("t")]
    return ["started", 0]


def window_size() -> Any:
    return tv.get_collector().get_all_metrics()["window_size"]


def reconfigure() -> list[Any]:
    tool = tv.get_collector().tool("t")
    for i in range(10):
        tool.record_call(latency_ms=i)
    tv.start(json_port=0, window_size=5, quantile_method="inclusive").stop()
    for i in range(10):
        tool.record_call(latency_ms=i)
    return [window_size(), tool.metrics()]
