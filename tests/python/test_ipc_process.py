"""ipc and the process that it lives in: signals, destructors, forks, the end."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from child import result_of, run
from line_server import LineServer
from programs import ipc_process

from toolvitals.ipc import Client
from toolvitals.ipc.client import _close_all_at_exit


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


@pytest.fixture
def server(path: str) -> Iterator[LineServer]:
    with LineServer(path) as running:
        yield running


def test_recording_in_a_signal_handler_and_in_destructors(path: str, server: LineServer) -> None:
    class Recorder:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            client.counter("destructor")

    recorded = 0

    def handle(*_: object) -> None:
        nonlocal recorded
        recorded += 1
        client.counter("signal")

    threshold = gc.get_threshold()
    before = signal.signal(signal.SIGALRM, handle)
    with Client(path, max_queue=1_000_000) as client:
        try:
            gc.set_threshold(3, 3, 3)
            signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
            for _ in range(5000):
                Recorder()
                client.counter("plain")
                client.stats()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            gc.set_threshold(*threshold)
        gc.collect()
        assert client.flush(60)
        stats = client.stats()
        assert stats.sent == stats.recorded == 10_000 + recorded
        assert stats.queued == stats.dropped == 0
        server.wait_for(stats.sent)


def test_a_client_that_nobody_holds_ends_its_thread(path: str, server: LineServer) -> None:
    client = Client(path)
    client.counter("c")
    thread = client._sender._thread
    assert thread is not None
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None
    thread.join(60)
    assert not thread.is_alive()
    server.wait_for(1)


def test_at_exit_what_is_queued_is_sent(path: str, server: LineServer) -> None:
    run(ipc_process.send_a_thousand, path)
    server.wait_for(1000)


def test_at_exit_a_server_that_is_away_is_not_waited_for(path: str) -> None:
    run(ipc_process.send_to_nobody, path)


def test_at_exit_what_a_client_has_that_nobody_holds_is_sent(path: str, server: LineServer) -> None:
    run(ipc_process.send_by_a_client_that_nobody_holds, path)
    server.wait_for(20_000)


def test_at_exit_what_is_recorded_by_then_is_sent(path: str, server: LineServer) -> None:
    # From 3.12 on no thread can be started any more where this records.
    run(ipc_process.send_at_exit, path)
    server.wait_for(1)


def test_without_a_thread_closing_sends(path: str, server: LineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", start)
    client = Client(path)
    client.counter("c")
    assert not client._sender.started
    client.close()
    assert client.stats().sent == 1
    server.wait_for(1)


def test_at_exit_all_clients_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    class Sender:
        def __init__(self, name: str) -> None:
            self.name = name

        def begin_exit(self) -> None:
            steps.append("begin")

        def finish_exit(self) -> None:
            steps.append("finish")

    class Holder:
        def __init__(self, sender: Sender) -> None:
            self._sender = sender

    held = Sender("held")
    holder = Holder(held)
    monkeypatch.setattr("toolvitals.ipc.client._clients", weakref.WeakSet([holder]))
    monkeypatch.setattr("toolvitals.ipc.client.running", {held, Sender("abandoned")})
    _close_all_at_exit()
    assert steps == ["begin", "begin", "finish", "finish"]


def test_at_exit_a_server_that_does_not_read_is_waited_for_once(path: str, server: LineServer) -> None:
    server.pause()
    accounted, lost = result_of(ipc_process.exit_with_twenty, path)
    assert accounted
    assert lost > 0


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_at_the_end_of_a_worker_what_is_queued_is_sent(path: str, server: LineServer, method: str) -> None:
    # A file, since spawned workers import it.
    program = Path(ipc_process.__file__).with_name("ipc_workers.py")
    subprocess.run([sys.executable, "-W", "ignore", str(program), path, method], check=True, timeout=100)
    server.wait_for(7)
    counted = sorted((record["counter"], record["value"]) for record in server.records())
    assert counted == [
        *(("inherited", number) for number in range(3)),
        *(("own", number) for number in range(3)),
        ("parent", 1),
    ]


def test_a_forked_child_begins_afresh(path: str, server: LineServer) -> None:
    recorded, sent, dropped = result_of(ipc_process.send_in_forked_children, path)
    assert recorded == sent + dropped
    # The server takes connections one after the other, so it heard the children because the parent was never stuck.
    server.wait_for(sent + 20)
    assert sorted(r["value"] for r in server.records() if r["counter"] == "child") == list(range(20))
    assert len(server.lines) == sent + 20


def test_switched_off_it_does_nothing(path: str) -> None:
    assert result_of(ipc_process.send_while_switched_off, path, PERFORMANCE_METRICS_ENABLED="false") == [0, 1, True]
