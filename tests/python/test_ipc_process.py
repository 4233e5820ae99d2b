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
    code = """
        import sys
        from toolvitals.ipc import Client
        client = Client(sys.argv[1])
        for i in range(1000):
            client.gauge("g", i)
    """
    run(code, path)
    server.wait_for(1000)


def test_at_exit_a_server_that_is_away_is_not_waited_for(path: str) -> None:
    code = """
        import logging, sys, threading
        from toolvitals.ipc import Client
        logging.disable()
        clients = [Client(sys.argv[1], exit_timeout_s=3600) for _ in range(2)]
        clients[0].counter("c")
    """
    run(code, path)


def test_at_exit_what_a_client_has_that_nobody_holds_is_sent(path: str, server: LineServer) -> None:
    code = """
        import sys
        from toolvitals.ipc import Client
        def work():
            client = Client(sys.argv[1], max_queue=100_000, exit_timeout_s=60)
            for i in range(20_000):
                client.gauge("g", i, {"padding": "x" * 200})
        work()
    """
    run(code, path)
    server.wait_for(20_000)


def test_at_exit_what_is_recorded_by_then_is_sent(path: str, server: LineServer) -> None:
    # From 3.12 on no thread can be started any more where this records.
    code = """
        import atexit, sys
        from toolvitals.ipc import Client
        client = Client(sys.argv[1], exit_timeout_s=60)
        atexit.register(client.counter, "last")
    """
    run(code, path)
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
    code = """
        import json, logging, sys
        from toolvitals.ipc import Client, client
        logging.disable()
        clients = [Client(sys.argv[1], max_queue=100_000, exit_timeout_s=0.3) for _ in range(20)]
        for one in clients:
            for i in range(2000):
                one.gauge("g", i, {"padding": "x" * 1000})
        client._close_all_at_exit()
        stats = [one.stats() for one in clients]
        accounted = all(one.recorded == one.sent + one.dropped for one in stats)
        print(json.dumps([accounted, sum(one.drops.get("closed", 0) for one in stats)]))
    """
    accounted, lost = result_of(code, path)
    assert accounted
    assert lost > 0


WORKERS = """
import multiprocessing, sys
from toolvitals.ipc import Client

inherited = Client(sys.argv[1], exit_timeout_s=60)

def work(number):
    Client(sys.argv[1], exit_timeout_s=60).counter("own", number)
    inherited.counter("inherited", number)

if __name__ == "__main__":
    inherited.counter("parent")
    context = multiprocessing.get_context(sys.argv[2])
    workers = [context.Process(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_at_the_end_of_a_worker_what_is_queued_is_sent(
    path: str, server: LineServer, method: str, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(WORKERS)
    subprocess.run([sys.executable, "-W", "ignore", str(program), path, method], check=True, timeout=100)
    server.wait_for(7)
    counted = sorted((record["counter"], record["value"]) for record in server.records())
    assert counted == [
        *(("inherited", number) for number in range(3)),
        *(("own", number) for number in range(3)),
        ("parent", 1),
    ]


def test_a_forked_child_begins_afresh(path: str, server: LineServer) -> None:
    code = """
        import json, logging, os, sys, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
        from toolvitals.ipc import Client
        logging.disable()
        client, closed = Client(sys.argv[1]), Client(sys.argv[1])
        closed.close()
        done = threading.Event()
        def record():
            while not done.is_set():
                client.counter("noise")
        noise = [threading.Thread(target=record) for _ in range(2)]
        client.counter("noise")
        assert client.flush(60)
        inherited = client._sender._socket.fileno()
        for thread in noise:
            thread.start()
        for i in range(20):
            pid = os.fork()
            if pid == 0:
                if os.path.exists(f"/proc/self/fd/{inherited}"):
                    os._exit(2)
                at_first = client.stats()
                client.counter("child", i)
                closed.counter("closed")
                sent = client.flush(60)
                right = (at_first.recorded, at_first.connected, sent, client.stats().sent) == (0, False, True, 1)
                os._exit(0 if right and closed.stats().dropped == 1 else 1)
            assert os.waitpid(pid, 0)[1] == 0
        done.set()
        for thread in noise:
            thread.join()
        assert client.flush(60)
        stats = client.stats()
        print(json.dumps([stats.recorded, stats.sent, stats.dropped]))
    """
    recorded, sent, dropped = result_of(code, path)
    assert recorded == sent + dropped
    # The server takes connections one after the other, so it heard the children because the parent was never stuck.
    server.wait_for(sent + 20)
    assert sorted(r["value"] for r in server.records() if r["counter"] == "child") == list(range(20))
    assert len(server.lines) == sent + 20


def test_switched_off_it_does_nothing(path: str) -> None:
    code = """
        import json, sys, threading
        from toolvitals.ipc import Client
        with Client(sys.argv[1], strict=True) as client:
            client.counter("c", float("nan"))
            client.operation("upload")
            with client.track_operation("upload"):
                pass
            print(json.dumps([client.stats().recorded, threading.active_count(), client.flush()]))
    """
    assert result_of(code, path, PERFORMANCE_METRICS_ENABLED="false") == [0, 1, True]
