"""What makes a program a process of the service whose directory its environment names, and what does not."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

import toolvitals as tv

PACKAGE: Any = tv


def _import(module: str) -> Callable[[], object]:
    return lambda: importlib.import_module(module)


USES: dict[str, Callable[[], object]] = {
    "get_collector": lambda: tv.get_collector(),
    "tool": lambda: tv.tool(print),
    "track": lambda: tv.track("t"),
    "Track": lambda: tv.Track,
    "cached": lambda: tv.cached("c"),
    "instrument_cache": lambda: tv.instrument_cache({}, "c"),
    "PerformanceMetricsCollector": lambda: tv.PerformanceMetricsCollector(),
    "every public name": lambda: [getattr(tv, name) for name in tv.__all__],
    "start": lambda: tv.start(json_port=0).stop(),
    "endpoints.start": lambda: PACKAGE.endpoints.start(json_port=0).stop(),
    "_core": lambda: PACKAGE._core._api,
    "import toolvitals.prometheus": _import("toolvitals.prometheus"),
    "import toolvitals.decorators": _import("toolvitals.decorators"),
}


def use(how: str) -> list[str]:
    """What is in the directory then."""
    USES[how]()
    return os.listdir(os.environ["TOOLVITALS_DIR"])


def forget_the_directory_and_record() -> None:
    del os.environ["TOOLVITALS_DIR"]
    importlib.import_module("toolvitals.prometheus.parser")
    importlib.import_module("toolvitals.prometheus").Counter("jobs", "Jobs.").inc()


def send_only(path: str) -> bool:
    """Whether the core was loaded for a program that only sends, and badly."""
    from toolvitals.ipc import Client

    client = Client(path)
    try:
        client.counter("c", float("nan"))
    except ValueError:
        return "toolvitals._backend" in sys.modules
    raise AssertionError("a counter took NaN")
