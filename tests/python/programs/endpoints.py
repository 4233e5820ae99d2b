"""Services that are asked by their test, or that the environment configures."""

from __future__ import annotations

import ctypes

import toolvitals as tv
from toolvitals import _core


def hold_the_gil() -> None:
    tv.get_collector().record_tool_call("before", latency_ms=1.0)
    endpoints = tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0)
    print(endpoints.json_port, endpoints.prometheus_port, flush=True)
    # PyDLL keeps the GIL during the call: from here on no Python code of this process runs until stdin has a line.
    buffer = ctypes.create_string_buffer(1)
    ctypes.PyDLL(None).read(0, buffer, 1)
    print("done", flush=True)


def exposition() -> str:
    tv.get_collector().record_tool_call("t", latency_ms=1.0)
    tv.get_collector().record_cache_hit("c")
    return _core.render("prometheus").decode()


def start_as_the_environment_says() -> list[object]:
    endpoints = tv.start()
    return [endpoints.json_port, endpoints.prometheus_port, endpoints.host]


def start_twice() -> None:
    tv.get_collector()
    tv.start(json_port=0).stop()
    tv.start(json_port=0)
