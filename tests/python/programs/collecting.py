"""Programs whose collectors and functions hang, or collect in forked children."""

from __future__ import annotations

import json
import os
import select
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import toolvitals as tv
import toolvitals.prometheus as ours
from toolvitals.prometheus.core import Metric


def _sleep_for_an_hour() -> None:
    select.select([], [], [], 3600)


def _wait_for_an_event() -> None:
    threading.Event().wait()


def _spin() -> None:
    while True:
        pass


def _sleep_again_and_again() -> None:
    while True:
        select.select([], [], [], 0.001)


HANGS: dict[str, Callable[[], None]] = {
    one.__name__[1:]: one for one in (_sleep_for_an_hour, _wait_for_an_event, _spin, _sleep_again_and_again)
}


def end_while_a_collector_hangs(how: str) -> None:
    begun = threading.Event()

    class Hangs:
        def describe(self) -> list[Metric]:
            return []

        def collect(self) -> Iterator[Metric]:
            begun.set()
            HANGS[how]()
            yield from ()

    ours.REGISTRY.register(Hangs())
    tv.start(json_port=0, refresh_deadline_s=0.1)
    assert begun.wait(60)


def fork_while_a_collector_hangs() -> list[object]:
    parent, begun = os.getpid(), threading.Event()

    def hangs_in_the_parent() -> int:
        begun.set()
        if os.getpid() == parent:
            threading.Event().wait()
        return 1

    ours.Gauge("hung_in_the_parent", "h").set_function(hangs_in_the_parent)
    endpoints = tv.start(json_port=0, refresh_deadline_s=0.1)
    assert begun.wait(60)
    while not _collector_of(endpoints)["hangs"]:
        pass
    pid = os.fork()
    if pid == 0:
        try:
            own = tv.start(json_port=0, refresh_deadline_s=0.1)
            while not (series := _series_of(own)):
                pass
            os._exit(0 if series[0]["value"] == 1 and not _collector_of(own)["hangs"] else 1)
        finally:
            os._exit(2)
    status = os.waitpid(pid, 0)[1]
    # What the child collected stays; the parent has collected nothing.
    shown = [series["labels"] for series in _series_of(endpoints)]
    return [status, shown == [{"pid": str(pid)}]]


def _document(endpoints: tv.Endpoints) -> Any:
    with urllib.request.urlopen(str(endpoints.json_url)) as answer:
        return json.load(answer)


def _collector_of(endpoints: tv.Endpoints) -> Any:
    return _document(endpoints)["toolvitals"]["collectors"]["hung_in_the_parent"]


def _series_of(endpoints: tv.Endpoints) -> Any:
    return _document(endpoints)["metrics"]["hung_in_the_parent"]["series"]


def collect_in_a_forked_child() -> int:
    """The status of the child."""
    ours.Gauge("process_that_asked", "h").set_function(os.getpid)
    endpoints = tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0)
    _wait_for_own_pid(endpoints)
    pid = os.fork()
    if pid == 0:
        try:
            _wait_for_own_pid(tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0))
            os._exit(0)
        finally:
            os._exit(2)
    return os.waitpid(pid, 0)[1]


def _wait_for_own_pid(endpoints: tv.Endpoints) -> None:
    while True:
        with urllib.request.urlopen(str(endpoints.prometheus_url)) as answer:
            lines = answer.read().decode().splitlines()
        asked = [float(line.split()[1]) for line in lines if line.startswith("process_that_asked ")]
        if asked == [os.getpid()]:
            return
