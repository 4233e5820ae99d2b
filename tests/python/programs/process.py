"""Programs that fork, that begin subinterpreters, and that end in many ways."""

from __future__ import annotations

import atexit
import importlib
import json
import os
import socket
import sys
import threading
import types
import warnings
from pathlib import Path
from typing import Any

import toolvitals as tv

# What is in use when the interpreter ends, not only until its function has returned.
KEPT: list[object] = []


def fork_once() -> list[object]:
    collector = tv.get_collector()
    kept = collector.tool("kept")

    @tv.tool
    def decorated() -> None: ...

    for _ in range(5):
        kept.record_call(latency_ms=1.0)
        decorated()
    endpoints = tv.start(json_port=0)
    with tv.track("under way"):
        reader, writer = os.pipe()
        if os.fork() == 0:
            found: dict[str, Any] = {"before": kept.metrics()["total_calls"], "running": endpoints.running}
            found["in_progress"] = _metrics("under way")["in_progress"]
            kept.record_call(latency_ms=1.0)
            decorated()
            with tv.start(json_port=0) as own:
                found["own"] = own.running and own is not endpoints
                found["port"] = own.json_port != endpoints.json_port
            found["after"] = [kept.metrics()["total_calls"], _metrics("decorated")["total_calls"]]
            endpoints.stop()
            tv.stop()
            os.write(writer, json.dumps(found).encode())
            os._exit(0)
        os.wait()
    os.close(writer)
    child = json.loads(os.read(reader, 100_000))
    return [child, kept.metrics()["total_calls"], endpoints.running]


def _metrics(tool: str) -> Any:
    return tv.get_collector().get_tool_metrics(tool)


def fork_while_threads_record_and_scrape() -> str:
    warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
    endpoints = tv.start(json_port=0)
    done = threading.Event()

    def record() -> None:
        i = 0
        while not done.is_set():
            i += 1
            tv.get_collector().record_tool_call(f"tool {i % 500}", latency_ms=1.0)
            tv.get_collector().tool(f"kept {i % 500}")

    def scrape() -> None:
        while not done.is_set():
            _get(endpoints.json_port)

    threads = [threading.Thread(target=work) for work in (record, record, scrape)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        pid = os.fork()
        if pid == 0:
            tv.get_collector().record_tool_call("child", latency_ms=1.0)
            total = _metrics("child")["total_calls"]
            with tv.start(json_port=0) as own:
                _get(own.json_port)
            os._exit(0 if total == 1 else 3)
        status = os.waitpid(pid, 0)[1]
        assert status == 0, status
    done.set()
    for thread in threads:
        thread.join()
    return "done"


def _get(port: int | None) -> None:
    """By bare sockets to a numeric address: urllib imports and resolves on its first request, and a fork in the middle
    of that leaves the child a locked module lock that is CPython's own."""
    with socket.socket() as client:
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(1 << 20), b""))
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]


# Ways to end.


def end_plainly() -> None: ...


def end_with_endpoints() -> None:
    tv.start(json_port=0)


def end_recording_at_exit() -> None:
    atexit.register(tv.get_collector().record_tool_call, "exit", True, 1.0)


def end_starting_at_exit() -> None:
    atexit.register(tv.start, json_port=0)


def end_with_daemon_threads() -> None:
    begun = threading.Event()

    def forever() -> None:
        while True:
            tv.get_collector().record_tool_call("daemon", latency_ms=1.0)
            with tv.track("daemon"):
                begun.set()

    for _ in range(4):
        threading.Thread(target=forever, daemon=True).start()
    begun.wait()
    tv.start(json_port=0)


def end_recording_while_modules_are_torn_down() -> None:
    class Last(types.ModuleType):
        def __init__(self) -> None:
            super().__init__("last")
            self.tool = tv.get_collector().tool("last")
            self.collector = tv.get_collector()
            self.decorated = tv.tool("d")(len)

        def __del__(self) -> None:
            self.tool.record_call(True, 1.0)
            self.tool.record_call(True, -1.0)
            self.collector.record_tool_call("later", True, 1.0)
            self.collector.record_cache_hit("later")
            self.decorated(())

    KEPT.append(Last())
    sys.modules["last"] = Last()


def end_in_the_middle_of_a_call() -> None:
    KEPT.append(tv.track("t"))
    KEPT[0].__enter__()  # type: ignore[attr-defined]
    tv.start(json_port=0)


def end_with_a_generator_under_way() -> None:
    steps = tv.tool(name="g")(lambda: (yield 1))()
    next(steps)
    KEPT.append(steps)


def end_with_a_client_connected() -> None:
    port = tv.start(json_port=0).json_port
    assert port is not None
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /metrics HTTP/1.1")
    KEPT.append(client)


def end_by_sys_exit() -> None:
    tv.start(json_port=0)
    sys.exit(0)


ENDINGS = [function for name, function in list(globals().items()) if name.startswith("end_")]


def use_a_subinterpreter() -> str:
    try:
        interpreters = importlib.import_module("_interpreters")  # its name since Python 3.13
    except ImportError:
        interpreters = importlib.import_module("_xxsubinterpreters")
    tv.get_collector().record_tool_call("t", latency_ms=1.0)
    other = interpreters.create()
    failure = interpreters.run_string(other, Path(__file__).with_name("subinterpreter.py").read_text())
    interpreters.destroy(other)
    assert failure is None, failure
    assert _metrics("t")["total_calls"] in (1, 2)
    return "done"
