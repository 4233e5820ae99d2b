"""A service with everything that toolvitals has families for; it runs until its standard input ends.

Arguments: a folder for its socket, and the process's part, "first" or "second". The first one prints where it is
scraped, as soon as all families are there to be seen.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import scrapes
from waiting import wait_until

import toolvitals as tv
from toolvitals import ipc
from toolvitals._backend import core
from toolvitals.prometheus import REGISTRY, Counter, Gauge
from toolvitals.prometheus.metrics_core import GaugeMetricFamily, Metric

ended = threading.Event()


class Collector:
    """One that cannot tell what it has without collecting it."""

    def describe(self) -> Iterator[Metric]:
        yield from ()


class Fails(Collector):
    """A collector that raises."""

    def collect(self) -> Iterator[Metric]:
        raise LookupError("nothing here")


class Hangs(Collector):
    """A collector that takes longer than it may."""

    def collect(self) -> Iterator[Metric]:
        ended.wait()
        yield GaugeMetricFamily("users_own_hanging", "Help.", value=1)


class Works(Collector):
    """A collector as it should be."""

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("users_own_working", "Help.", value=1)


@tv.tool
def items() -> Iterator[int]:
    """A generator, which has a first item."""
    yield from range(2)


def record() -> None:
    """Calls of every outcome, a cache with every event, a record that is dropped and one that there is no room for."""
    collector = tv.get_collector()
    for _ in range(2):
        assert list(items()) == [0, 1]
        collector.record_tool_call("search", success=True, latency_ms=2)
    collector.record_tool_call("search", success=False, latency_ms=3, error_type="TimeoutError")
    collector.tool("search").record_cancellation(4)
    collector.record_tool_call("search", success=True, latency_ms=-1)
    cache = collector.cache("answers")
    for event in (cache.record_hit, cache.record_miss, cache.record_eviction, cache.record_size_rejection):
        event()
    Counter("users_own_long", "Help.", ["text"]).labels("x" * 5000).inc()


def record_attributes() -> Any:
    """Series that look alike where there are only labels, and keys that are no names of labels."""
    calls = core.HistogramBase()
    calls._define("users_own_calls_seconds", "Help.", "seconds", (), open=True, bounds=(1.0, 2.0))
    calls._show(0, True)
    for value in (1, 1.0, True, "1", "true", ["a", 'b"'], float("nan")):
        calls._with_attributes({"http.route": value, "le": value, "9lives": "\u00fc\n"}).observe(1.5)
        calls._with_attributes({"http.route": value, "http_route": "x"}).observe(1.5)
    calls._with_attributes(None).observe(1.5)
    return calls


def send(socket: str) -> None:
    """An operation with everything that there is to say of one."""
    with ipc.Client(socket) as client:
        client.operation("upload", duration_ms=5, success=True, object_size=9, labels={"user": "ann", "region": "eu"})
        assert client.flush(30)


def main(folder: Path, part: str) -> None:
    if part == "second":
        Gauge("users_own_size", "Help.")
        tv.get_collector().record_tool_call("search", success=True, latency_ms=1)
        print(json.dumps(None), flush=True)
        sys.stdin.read()
        return
    Counter("users_own_size", "Help.", ["kind"]).labels("a").inc()
    record()
    attributed = record_attributes()
    gc.collect()
    for collector in (Fails(), Hangs(), Works()):
        REGISTRY.register(collector)
    ingest = core.Ingest(socket=str(folder / "s"), datagram_socket=None, mode=0o600, labels=("region",))
    send(str(folder / "s"))
    with tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as endpoints, tv.track("running"):
        url = f"http://127.0.0.1:{endpoints.prometheus_port}/metrics"
        seen = ('collector_hangs_total{collector="__main__.Hangs"} 1', "users_own_working", "age_seconds")
        wait_until(lambda: all(text in scrapes.fetch(url) for text in seen), "all has been collected")
        print(json.dumps(url), flush=True)
        sys.stdin.read()
    ended.set()
    ingest.stop()
    del attributed


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
