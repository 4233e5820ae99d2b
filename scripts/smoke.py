"""Proves an installed toolvitals by its main job: records, serves, scrapes. Needs nothing but the standard library."""

from __future__ import annotations

import importlib
import json
import urllib.request

import toolvitals as tv


def main() -> None:
    """Records five calls and reads them back from both endpoints."""
    core = importlib.import_module("toolvitals._core")

    @tv.tool
    def add(a: int, b: int) -> int:
        return a + b

    @tv.tool("divide")
    def divide(a: int, b: int) -> float:
        return a / b

    assert [add(n, n) for n in range(3)] == [0, 2, 4]
    assert divide(6, 3) == 2
    try:
        divide(1, 0)
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("the tool's exception was lost")

    endpoints = tv.start(json_port=0, prometheus_port=0, prometheus_enabled=True)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{endpoints.json_port}/metrics.json", timeout=10) as answer:
            tools = json.load(answer)["tools"]
        assert tools["add"]["successful_calls"] == 3, tools
        assert tools["divide"]["error_types"] == {"ZeroDivisionError": 1}, tools
        with urllib.request.urlopen(f"http://127.0.0.1:{endpoints.prometheus_port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        assert 'tool_calls_total{tool="add",outcome="success"} 3' in text, text
    finally:
        endpoints.stop()
    print(f"toolvitals {tv.__version__}: recorded, served and scraped ({core.__file__})")


if __name__ == "__main__":
    main()
