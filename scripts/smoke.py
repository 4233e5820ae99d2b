"""Proves an installed toolvitals by its main job: records, serves, is scraped, forks and stops.

Needs nothing but the standard library.
"""

from __future__ import annotations

import importlib
import json
import os
import urllib.error
import urllib.request
import warnings

import toolvitals as tv
from toolvitals.prometheus import Counter

jobs = Counter("jobs", "Jobs that were done.", ["kind"])


@tv.tool
def add(a: int, b: int) -> int:
    """A tool that succeeds."""
    return a + b


@tv.tool("divide")
def divide(a: int, b: int) -> float:
    """A tool that may fail."""
    return a / b


def record() -> None:
    """Five calls, of which one fails, and a job."""
    assert [add(n, n) for n in range(3)] == [0, 2, 4]
    assert divide(6, 3) == 2
    try:
        divide(1, 0)
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("the tool's exception was lost")
    jobs.labels("mail").inc()


def record_in_child() -> None:
    """The same in a forked child, which ends like a program."""
    with warnings.catch_warnings():
        # From Python 3.12 on it warns of threads, of which those of the endpoints hold nothing that a child needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            record()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def fetched(url: str) -> bytes:
    """What an endpoint answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
    return body


def main() -> None:
    """Records here and in a child, reads all of it back in every way, and stops."""
    core = importlib.import_module("toolvitals._core")
    record()
    endpoints = tv.start(json_port=0, prometheus_port=0, prometheus_enabled=True)
    try:
        record_in_child()
        json_url = f"http://127.0.0.1:{endpoints.json_port}/metrics.json"
        tools = json.loads(fetched(json_url))["tools"]
        assert tools["add"]["successful_calls"] == 6, tools
        assert tools["divide"]["error_types"] == {"ZeroDivisionError": 2}, tools
        text = fetched(f"http://127.0.0.1:{endpoints.prometheus_port}/metrics").decode()
        assert 'tool_calls_total{tool="add",outcome="success"} 6' in text, text
        assert 'jobs_total{kind="mail"} 2' in text, text
        assert tv.snapshot().tools["divide"].failed_calls == 2
    finally:
        endpoints.stop()
    try:
        fetched(json_url)
    except urllib.error.URLError:
        pass
    else:
        raise AssertionError(f"{json_url} answers after stop()")
    print(f"toolvitals {tv.__version__}: recorded, served, scraped, forked and stopped ({core.__file__})")


if __name__ == "__main__":
    main()
