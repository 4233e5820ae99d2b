"""A service that nobody calls and nobody scrapes, with a collector of its own."""

from __future__ import annotations

import os
import select
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import toolvitals as tv
from toolvitals import prometheus
from toolvitals.prometheus.core import GaugeMetricFamily, Metric

# Ten times the interval at which values are refreshed while somebody scrapes.
IDLE_S = 1.0


class _Collector:
    def __init__(self) -> None:
        self.calls = 0
        self.called = threading.Event()

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        self.calls += 1
        yield GaugeMetricFamily("calls_of_collector", "Calls.", value=self.calls)
        self.called.set()


def _switches() -> dict[str, int]:
    """How often the threads beside this one have waited for something, by their names."""
    found: dict[str, int] = {}
    for task in os.listdir("/proc/self/task"):
        if int(task) == threading.get_native_id():
            continue
        lines = Path(f"/proc/self/task/{task}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines)
        found[status["Name"]] = found.get(status["Name"], 0) + int(status["voluntary_ctxt_switches"])
    return found


def rest() -> list[object]:
    """What the collector and the threads did while nothing happened, and whether a scrape ends the rest."""
    collector = _Collector()
    prometheus.REGISTRY.register(collector)
    handle = tv.start(json_port=0)
    assert collector.called.wait(30)
    select.select([], [], [], 2 * IDLE_S / 10)
    calls, before = collector.calls, _switches()
    select.select([], [], [], IDLE_S)
    called, after = collector.calls - calls, _switches()
    collector.called.clear()
    urllib.request.urlopen(str(handle.json_url)).read()
    woken = collector.called.wait(30)
    return [called, {name: after[name] - before[name] for name in before}, woken]
