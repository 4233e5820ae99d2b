"""What a socket receives from the bridges to Graphite of prometheus_client and of toolvitals.prometheus."""

from __future__ import annotations

import functools
import inspect
import logging
import queue
import socketserver
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import prometheus_client.bridge.graphite
import pytest

import toolvitals.prometheus.bridge.graphite
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.samples import NativeHistogram

OURS, PEER = toolvitals.prometheus, prometheus_client
BOTH = pytest.mark.parametrize("client", [OURS, PEER], ids=["ours", "peer"])
WAIT_SECONDS = 30


class Graphite(socketserver.ThreadingTCPServer):
    """Puts what each connection brought into a queue."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.received: queue.Queue[bytes] = queue.Queue()

    def next(self) -> bytes:
        return self.received.get(timeout=WAIT_SECONDS)


class _Receiver(socketserver.StreamRequestHandler):
    server: Graphite

    def handle(self) -> None:
        self.server.received.put(self.rfile.read())


@pytest.fixture
def graphite() -> Iterator[Graphite]:
    with Graphite() as server:
        thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def bridge(client: ModuleType, graphite: Graphite, registry: Any, **settings: Any) -> Any:
    made = client.bridge.graphite.GraphiteBridge
    return made(graphite.server_address, registry, _timer=lambda: 1434898897.5, **settings)


def registry_of(client: ModuleType) -> Any:
    registry = client.CollectorRegistry()
    client.Gauge("plain", "", registry=registry).set(float("inf"))
    labelled = client.Gauge("labelled", "", ["b", "a"], registry=registry)
    labelled.labels("c.:8", "d-_é").set(2**60)
    labelled.labels("x;y", "=").set(-0.5)
    latency = client.Histogram("latency", "", ["k"], registry=registry, buckets=[0.5])
    latency.labels("v").observe(0.1)
    latency.labels("v").observe(1)
    return registry


def timeless(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines(keepends=True) if b"_created" not in line]


@BOTH
def test_signatures(client: ModuleType) -> None:
    parameters = inspect.signature(client.bridge.graphite.GraphiteBridge).parameters
    assert list(parameters) == ["address", "registry", "timeout_seconds", "_timer", "tags"]
    assert parameters["registry"].default is client.REGISTRY
    assert (parameters["timeout_seconds"].default, parameters["tags"].default) == (30, False)


@pytest.mark.parametrize("tags", [False, True])
@pytest.mark.parametrize("prefix", ["", "pre.fix"])
def test_the_lines_are_the_same(tags: bool, prefix: str, graphite: Graphite) -> None:
    found = []
    for client in (OURS, PEER):
        bridge(client, graphite, registry_of(client), tags=tags).push(prefix)
        found.append(timeless(graphite.next()))
    assert found[0] == found[1]
    separators = (b";a=", b";b=") if tags else (b".a.", b".b.")
    dot = b"pre.fix." if prefix else b""
    line = dot + b"labelled" + separators[0] + b"d-__" + separators[1] + b"c__8 1.152921504606847e+18 1434898897\n"
    assert line in found[0]
    assert dot + b"plain inf 1434898897\n" in found[0]


@pytest.mark.parametrize(("tags", "line"), [(False, b"g.a._ 1.0 1434898897\n"), (True, b"g 1.0 1434898897\n")])
def test_labels_without_a_value_leave_no_hole(tags: bool, line: bytes, graphite: Graphite) -> None:
    registry = OURS.CollectorRegistry()
    OURS.Gauge("g", "", ["a"], registry=registry).labels("").set(1)
    bridge(OURS, graphite, registry, tags=tags).push()
    assert graphite.next() == line


def test_native_histograms_are_left_out(graphite: Graphite) -> None:
    family = Metric("h", "", "histogram")
    family.add_sample("h", {}, None, native_histogram=NativeHistogram(1, 1, 0, 0, 1))  # type: ignore[arg-type]
    family.add_sample("h_count", {}, 1)
    registry = OURS.CollectorRegistry()
    registry.register(type("Native", (), {"collect": lambda self: [family]})())
    bridge(OURS, graphite, registry).push()
    assert graphite.next() == b"h_count 1.0 1434898897\n"


@BOTH
def test_a_graphite_that_is_not_there_is_an_os_error(client: ModuleType) -> None:
    with Graphite() as gone:
        pass
    with pytest.raises(OSError, match="refused"):
        bridge(client, gone, client.CollectorRegistry()).push()


@pytest.fixture
def pushing(graphite: Graphite) -> Iterator[Any]:
    """A bridge of ours, stopped before Graphite is; the peer's cannot be."""
    made = bridge(OURS, graphite, OURS.CollectorRegistry())
    yield made
    made.stop()
    for thread in threading.enumerate():
        if thread.name == "graphite":
            assert thread.daemon
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()


def test_it_pushes_again_and_again(pushing: Any, graphite: Graphite) -> None:
    counter = OURS.Counter("c", "", registry=pushing._registry)
    pushing.start(interval=0.01, prefix="p")
    assert timeless(graphite.next()) == [b"p.c_total 0.0 1434898897\n"]
    counter.inc(5)
    pushes = (timeless(graphite.next()) for _ in range(1000))
    assert [b"p.c_total 5.0 1434898897\n"] in pushes


def test_it_starts_twice_and_after_a_stop(pushing: Any, graphite: Graphite) -> None:
    OURS.Counter("c", "", registry=pushing._registry)
    for _ in range(2):
        pushing.start(interval=1000, prefix="one")
        pushing.start(interval=1000, prefix="two")
        assert sorted(graphite.next()[:5] for _ in range(2)) == [b"one.c", b"two.c"]
        pushing.stop()


def test_it_goes_on_after_a_failure(pushing: Any, graphite: Graphite, caplog: pytest.LogCaptureFixture) -> None:
    failures = iter([LookupError("the collector has failed"), OSError("so has the network")])

    def collect() -> list[Metric]:
        for failure in failures:
            raise failure
        return [Metric("m", "", "gauge")]

    failing = type("Failing", (), {"collect": lambda self: collect(), "describe": lambda self: []})
    pushing._registry.register(failing())
    with caplog.at_level(logging.ERROR):
        pushing.start(interval=0.01)
        assert graphite.next() == b""
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
        "the collector has failed",
        "so has the network",
    ]


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
def test_an_interval_is_positive(interval: float, graphite: Graphite) -> None:
    with pytest.raises(ValueError, match="interval"):
        bridge(OURS, graphite, OURS.CollectorRegistry()).start(interval)
