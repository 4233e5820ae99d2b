"""Instruments with attributes where they change their process: strict mode, a limit that was reached, a fork."""

from __future__ import annotations

import logging
import os
from typing import Any

import toolvitals
from toolvitals import _core as core


def counter(**options: Any) -> Any:
    made = core.CounterBase()
    made._define("c", "Help.", "", (), open=True, **options)
    made._show(0, True)
    return made


def strict() -> str | None:
    toolvitals.get_collector()
    try:
        counter()._with_attributes({"a": {}})
    except TypeError as error:
        return str(error)
    return None


def fold() -> Any:
    logging.disable()
    counted = counter(max_series=10)
    for number in range(100):
        counted._with_attributes({"n": number}).inc()
        counted._with_attributes({"n": str(number)}).inc()
    counted._with_attributes({"n": "v" * 5000}).inc()
    return toolvitals.get_collector().get_all_metrics()


def fork() -> Any:
    toolvitals.start(json_port=0)
    counted = counter()
    kept = counted._with_attributes({"a": 1, "b": "x"})
    kept.inc()
    child = os.fork()
    if child == 0:
        counted._with_attributes({"b": "x", "a": 1}).inc(2)
        counted._with_attributes({"a": [1.5]}).inc(4)
        os._exit(0)
    os.waitpid(child, 0)
    kept.inc(8)
    return toolvitals.get_collector().get_all_metrics()["metrics"]["c"]["series"]
