"""The real Pushgateway takes what Python and what native threads push."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pushgateway_server
import pytest
from waiting import wait_until

import toolvitals
from toolvitals import prometheus
from toolvitals.exporters.pushgateway import Pusher, PushError
from toolvitals.prometheus.exposition import basic_auth_handler

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pushgateway_server.running(tmp_path_factory.mktemp("pushgateway")) as running:
        yield running


@pytest.mark.parametrize("compression", [None, "gzip", "snappy"])
def test_python_pushes_a_registry(gateway: Any, compression: Any) -> None:
    registry = prometheus.CollectorRegistry()
    counter = prometheus.Counter("pushed", "Pushed.", ["kind"], registry=registry)
    spread = prometheus.Histogram("pushed_seconds", "Pushed.", registry=registry, buckets=(1.0, 2.0))
    counter.labels('"ключ"\n').inc(3)
    spread.observe(1.5)
    key = {"instance": "a/b", "empty": "", "zone": "ü"}
    # This Pushgateway knows no snappy; it says so, and the words arrive.
    if compression == "snappy":
        with pytest.raises(OSError, match="400"):
            prometheus.push_to_gateway(gateway.address, "j", registry, key, compression=compression)
        return
    prometheus.push_to_gateway(gateway.address, "j", registry, key, compression=compression)
    group = {"job": "j", **key}
    assert gateway.values("pushed_total") == {tuple(sorted({**group, "kind": '"ключ"\n'}.items())): 3.0}
    buckets = {s.labels["le"]: s.value for s in gateway.families()["pushed_seconds"].samples if "le" in s.labels}
    assert {float(bound): count for bound, count in buckets.items()} == {1.0: 0.0, 2.0: 1.0, float("inf"): 1.0}
    prometheus.delete_from_gateway(gateway.address, "j", key)
    # The gateway accepts it and does it a little later.
    wait_until(lambda: gateway.values("pushed_total") == {}, "the group is gone")


def test_put_replaces_a_group_and_post_adds_to_it(gateway: Any) -> None:
    first, second = prometheus.CollectorRegistry(), prometheus.CollectorRegistry()
    prometheus.Gauge("first_pushed", "First.", registry=first).set(1)
    prometheus.Gauge("second_pushed", "Second.", registry=second).set(2)
    prometheus.push_to_gateway(gateway.address, "two", first)
    prometheus.pushadd_to_gateway(gateway.address, "two", second)
    assert set(gateway.values("first_pushed").values()) == {1.0}
    assert set(gateway.values("second_pushed").values()) == {2.0}
    prometheus.push_to_gateway(gateway.address, "two", second)
    assert gateway.values("first_pushed") == {}
    prometheus.delete_from_gateway(gateway.address, "two")


def test_what_a_gateway_refuses_is_told(gateway: Any) -> None:
    registry = prometheus.CollectorRegistry()
    prometheus.Gauge("labelled", "Labelled.", ["job"], registry=registry).labels("other").set(1)
    prometheus.push_to_gateway(gateway.address, "own", registry, handler=_with_password)
    assert {dict(labels)["job"] for labels in gateway.values("labelled")} == {"own"}
    prometheus.delete_from_gateway(gateway.address, "own")
    with pytest.raises(OSError, match="404"):
        prometheus.push_to_gateway(f"{gateway.address}/elsewhere", "own", registry)


def _with_password(url: str, method: str, timeout: Any, headers: Any, data: bytes) -> Any:
    return basic_auth_handler(url, method, timeout, headers, data, "user", "password")


def test_native_threads_push_all_there_is(gateway: Any) -> None:
    toolvitals.get_collector().reset()
    toolvitals.get_collector().record_tool_call("pushed_tool", success=True, latency_ms=12.0)
    key = {"instance": "a/b", "empty": "", "zone": "z-1"}
    pusher = Pusher(gateway.address, "native job", key)
    pusher.push()
    group = {"job": "native job", **key}
    calls = gateway.values("tool_calls_total")
    assert calls[tuple(sorted({**group, "tool": "pushed_tool", "outcome": "success"}.items()))] == 1.0
    assert gateway.families()["tool_call_duration_seconds"].type == "histogram"
    toolvitals.get_collector().record_tool_call("pushed_tool", success=True, latency_ms=12.0)
    pusher.push_add()
    calls = gateway.values("tool_calls_total")
    assert calls[tuple(sorted({**group, "tool": "pushed_tool", "outcome": "success"}.items()))] == 2.0
    pusher.delete()
    wait_until(lambda: gateway.values("tool_calls_total") == {}, "the group is gone")
    assert (pusher.successes, pusher.failures) == (3, 0)


def test_native_put_replaces_and_post_adds(gateway: Any) -> None:
    registry = prometheus.CollectorRegistry()
    prometheus.Gauge("only_pushed_by_python", "Python's.", registry=registry).set(1)
    pusher = Pusher(gateway.address, "shared")
    prometheus.push_to_gateway(gateway.address, "shared", registry)
    pusher.push_add()
    assert gateway.values("only_pushed_by_python")
    pusher.push()
    assert not gateway.values("only_pushed_by_python")
    assert gateway.values("toolvitals_series")
    pusher.delete()


def test_native_threads_push_on_and_on(gateway: Any) -> None:
    with Pusher(f"http://{gateway.address}", "repeated") as pusher:
        pusher.start(0.02)
        with pytest.raises(RuntimeError, match="already"):
            pusher.start(1)
        wait_until(lambda: pusher.successes >= 3, "three pushes")
        toolvitals.get_collector().record_tool_call("at_the_end", success=True, latency_ms=1.0)
    # The last push has it.
    assert any(dict(labels)["tool"] == "at_the_end" for labels in gateway.values("tool_calls_total"))
    assert pusher.failures == 0
    pusher.delete()


def test_errors_of_the_native_pusher(gateway: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        slow = Pusher(f"127.0.0.1:{port}", "j")
        with pytest.raises(PushError, match=r"no answer within 0\.05 s") as caught:
            slow.push(0.05)
        assert caught.value.status is None
        with pytest.raises(PushError, match="still on its way"):
            slow.push(0.05)
    with pytest.raises(PushError, match="not reached"):
        Pusher(f"127.0.0.1:{port}", "j").push()
    refused = Pusher(gateway.address, "j", {"no name": "x"})
    with pytest.raises(PushError, match="status 400") as caught:
        refused.push()
    assert caught.value.status == 400
    for address in ("ftp://x", "", "http://x/path", "http://"):
        with pytest.raises(ValueError, match="no http or https URL"):
            Pusher(address, "j")
    for job in ("", "a/b"):
        with pytest.raises(ValueError, match="job"):
            Pusher(gateway.address, job)
    with pytest.raises(ValueError, match="no name of a label"):
        Pusher(gateway.address, "j", {"": "x"})
    for seconds in (0, -1, float("nan"), 1e10):
        with pytest.raises(ValueError, match="seconds must be"):
            refused.push(seconds)


def test_a_child_pushes_what_it_counted(gateway: Any) -> None:
    pusher = Pusher(gateway.address, "forked")
    pusher.start(3600)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            toolvitals.get_collector().record_tool_call("in_the_child", success=True, latency_ms=1.0)
            pusher.push()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert any(dict(labels)["tool"] == "in_the_child" for labels in gateway.values("tool_calls_total"))
    pusher.stop(None)
    pusher.delete()
