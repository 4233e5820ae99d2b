"""endpoints.py: start, stop, and what a client gets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import child
import httpx
import programs.endpoints
import pytest
import web
from ports import free_port
from scrapes import fetch, parse, scrape

import toolvitals as tv
from toolvitals.testing import isolated


@pytest.fixture
def endpoints() -> Iterator[tv.Endpoints]:
    with isolated(), tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as running:
        yield running


def request(port: int | None, method: str = "GET", path: str = "/metrics", **headers: str) -> httpx.Response:
    return web.fetch(f"http://127.0.0.1:{port}{path}", method, **headers)


def body(response: httpx.Response) -> Any:
    return response.json()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


def test_the_handle(endpoints: tv.Endpoints) -> None:
    assert endpoints.running
    assert endpoints.host == "127.0.0.1"
    assert endpoints.json_url == f"http://127.0.0.1:{endpoints.json_port}/metrics"
    assert endpoints.prometheus_url == f"http://127.0.0.1:{endpoints.prometheus_port}/metrics"
    assert endpoints.json_url in repr(endpoints)
    endpoints.stop()
    endpoints.stop()
    assert not endpoints.running
    assert "not running" in repr(endpoints)
    assert endpoints.json_url is not None
    with pytest.raises(httpx.ConnectError):
        fetch(endpoints.json_url)


def test_both_endpoints_tell_what_was_recorded(endpoints: tv.Endpoints) -> None:
    tv.get_collector().record_tool_call("search", latency_ms=1.0)
    assert endpoints.json_url is not None
    assert endpoints.prometheus_url is not None
    found = json.loads(fetch(endpoints.json_url))
    assert found["tools"]["search"]["total_calls"] == 1
    ours = tv.get_collector().get_all_metrics()
    assert found["tools"] == ours["tools"]
    assert found["caches"] == ours["caches"]
    families = scrape(endpoints.prometheus_url)
    outcomes = {s.labels["outcome"]: s.value for s in families["tool_calls"].samples if s.labels["tool"] == "search"}
    assert outcomes == {"success": 1, "error": 0, "cancelled": 0}
    assert "process_cpu_seconds" in families
    assert "python_info" in families
    assert "python_gc_collections" in families


def test_routes(endpoints: tv.Endpoints) -> None:
    for port in (endpoints.json_port, endpoints.prometheus_port):
        assert body(request(port, path="/health"))["status"] == "ok"
        assert body(request(port, path="/metrics.json"))["schema_version"] == 1
        missing = request(port, path="/nothing")
        assert missing.status_code == 404
        assert set(body(missing)) == {"error"}
        refused = request(port, "POST")
        assert refused.status_code == 405
        assert set(str(refused.headers.get("Allow")).replace(" ", "").split(",")) == {"GET", "HEAD"}
        head = request(port, "HEAD")
        assert head.status_code == 200
        assert body_of(head) == b""
        assert head.headers.get("Access-Control-Allow-Origin") is None
    assert str(request(endpoints.json_port).headers.get("Content-Type")).startswith("application/json")
    assert "version=0.0.4" in str(request(endpoints.prometheus_port).headers.get("Content-Type"))


def body_of(response: Any) -> bytes:
    found: bytes = response.content
    return found


def test_accept_is_honoured(endpoints: tv.Endpoints) -> None:
    text = request(endpoints.json_port, Accept="text/plain;version=0.0.4")
    assert "version=0.0.4" in str(text.headers.get("Content-Type"))
    assert parse(body_of(text).decode())
    found = request(endpoints.prometheus_port, Accept="application/json, text/plain;q=0.5")
    assert body(found)["schema_version"] == 1


def test_a_foreign_host_is_refused(endpoints: tv.Endpoints) -> None:
    assert request(endpoints.json_port, Host="evil.example.com").status_code == 403
    assert request(endpoints.json_port, Host=f"localhost:{endpoints.json_port}").status_code == 200


def test_the_token() -> None:
    with tv.start(json_port=0, auth_token="s3cret") as endpoints:
        assert request(endpoints.json_port).status_code == 401
        assert request(endpoints.json_port, Authorization="Bearer wrong").status_code == 401
        assert request(endpoints.json_port, Authorization="Bearer s3cret").status_code == 200
        assert request(endpoints.json_port, path="/health").status_code == 200


def test_only_what_is_enabled_listens() -> None:
    with tv.start(json_port=0) as endpoints:
        assert endpoints.prometheus_port is endpoints.prometheus_url is None
    with tv.start(json_endpoint_enabled=False, prometheus_enabled=True, prometheus_port=0) as endpoints:
        assert endpoints.json_port is endpoints.json_url is None
        assert endpoints.prometheus_port
    with tv.start(json_endpoint_enabled=False) as endpoints:
        assert not endpoints.running


def test_ipv6() -> None:
    with tv.start(json_port=0, host="::1") as endpoints:
        assert endpoints.json_url == f"http://[::1]:{endpoints.json_port}/metrics"
        assert json.loads(fetch(endpoints.json_url))["schema_version"] == 1


def test_every_interface_is_reached_on_loopback() -> None:
    with tv.start(json_port=0, host="0.0.0.0") as endpoints:
        assert endpoints.json_url == f"http://127.0.0.1:{endpoints.json_port}/metrics"
        assert fetch(endpoints.json_url)


def test_a_port_in_use_is_named_and_nothing_is_left_half_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        before = descriptors()
        with pytest.raises(OSError, match=str(port)):
            tv.start(json_port=0, prometheus_enabled=True, prometheus_port=port)
        assert descriptors() == before
    with tv.start(json_port=0, prometheus_enabled=True, prometheus_port=port) as endpoints:
        assert endpoints.prometheus_port == port


def test_a_second_start_gives_the_running_endpoints() -> None:
    with tv.start(json_port=0, window_size=500) as endpoints:
        assert tv.start() is endpoints
        assert tv.start(json_port=0, window_size=500) is endpoints
        assert tv.start(json_port=endpoints.json_port) is endpoints
        with pytest.raises(RuntimeError, match="window_size is 500, not 5; prometheus_enabled is False, not True"):
            tv.start(window_size=5, prometheus_enabled=True)
        with pytest.raises(RuntimeError) as caught:
            tv.start(auth_token="s3cret")
        assert "auth_token" in str(caught.value)
        assert "s3cret" not in str(caught.value)
        with pytest.raises(ValueError, match="window_size=1 "):
            tv.start(window_size=1)
    with tv.start(json_port=0, window_size=1000) as endpoints:
        assert endpoints.running
        tv.stop()
        assert not endpoints.running
        tv.stop()


def test_threads_that_start_at_once_get_the_same_endpoints() -> None:
    found = []
    begin = threading.Barrier(8)

    def work() -> None:
        begin.wait()
        found.append(tv.start(json_port=0))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tv.stop()
    assert len(set(map(id, found))) == 1


def test_a_thousand_cycles_leave_nothing_behind() -> None:
    tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0).stop()
    before = descriptors(), threads()
    for cycle in range(1000):
        with tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as endpoints:
            if cycle % 100 == 0:
                assert request(endpoints.json_port, path="/health").status_code == 200
    assert (descriptors(), threads()) == before


def test_descriptors_are_not_inherited(endpoints: tv.Endpoints) -> None:
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if target.startswith(("socket:", "anon_inode:[event")):
            assert not os.get_inheritable(int(name)), target


def test_endpoints_answer_while_a_c_call_holds_the_gil() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    server = subprocess.Popen(child.command(programs.endpoints.hold_the_gil), **pipes, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    with server:
        json_port, prometheus_port = map(int, server.stdout.readline().split())
        for _ in range(20):
            assert json.loads(fetch(f"http://127.0.0.1:{json_port}/metrics"))["tools"]["before"]["total_calls"] == 1
            assert "tool_calls" in scrape(f"http://127.0.0.1:{prometheus_port}/metrics")
            assert request(json_port, path="/health").status_code == 200
        assert server.poll() is None
        server.stdin.write("x")
        server.stdin.close()
        assert server.stdout.read() == "done\n"
    assert server.returncode == 0


def test_scrapes_while_threads_record(endpoints: tv.Endpoints) -> None:
    done = threading.Event()

    def record() -> None:
        while not done.is_set():
            for i in range(20):
                tv.get_collector().record_tool_call(f"t{i}", i % 2 == 0, 1.0, "E")

    workers = [threading.Thread(target=record) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        assert endpoints.prometheus_url is not None
        # Nothing else that this process has kept, for it takes long to parse.
        url = f"{endpoints.prometheus_url}?name[]=tool_calls&name[]=tool_call_duration_seconds"
        for _ in range(10):
            families = scrape(url)
            calls: dict[str, float] = {}
            for sample in families["tool_calls"].samples:
                calls[sample.labels["tool"]] = calls.get(sample.labels["tool"], 0) + sample.value
            for sample in families["tool_call_duration_seconds"].samples:
                if sample.name.endswith("_count"):
                    assert sample.value == calls[sample.labels["tool"]]
    finally:
        done.set()
        for worker in workers:
            worker.join()


def test_the_namespace_stands_before_the_families() -> None:
    families = parse(child.result_of(programs.endpoints.exposition, METRICS_NAMESPACE="myapp"))
    assert {"myapp_tool_calls", "myapp_cache_requests", "python_info"} <= set(families)
    assert "tool_calls" not in families


def test_the_environment_decides_where_to_listen() -> None:
    port = free_port()
    environment = {
        "METRICS_JSON_ENDPOINT_ENABLED": "no",
        "PROMETHEUS_ENABLED": "yes",
        "PROMETHEUS_PORT": str(port),
    }
    started = child.result_of(programs.endpoints.start_as_the_environment_says, **environment)
    assert started == [None, port, "127.0.0.1"]
