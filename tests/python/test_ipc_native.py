"""_core.Ingest: what Python sees of it, forks, a GIL that is held, and a store that moves."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from child import result_of

from toolvitals import _core


def ingest(path: str | None, datagram_path: str | None = None, mode: int = 0o600, labels: Any = ()) -> _core.Ingest:
    return _core.Ingest(socket=path, datagram_socket=datagram_path, mode=mode, labels=labels)


def test_the_handle(tmp_path: Path) -> None:
    path, datagram_path = str(tmp_path / "s"), str(tmp_path / "d")
    running = ingest(path, datagram_path)
    assert (running.socket, running.datagram_socket, running.running) == (path, datagram_path, True)
    assert sorted(os.listdir(tmp_path)) == ["d", "s"]
    running.stop()
    running.stop()
    assert not running.running
    assert not os.listdir(tmp_path)
    del running
    alone = ingest(None, datagram_path)
    assert alone.socket is None
    del alone
    assert not os.listdir(tmp_path)


def test_errors_have_their_numbers_and_name_the_path(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    live = ingest(path)
    with pytest.raises(OSError, match=path) as in_use:
        ingest(path)
    assert in_use.value.errno == errno.EADDRINUSE
    live.stop()
    with pytest.raises(FileNotFoundError, match="none"):
        ingest(str(tmp_path / "none" / "s"))
    with pytest.raises(ValueError, match="107"):
        ingest("x" * 108)
    with pytest.raises(ValueError, match="mode 1000"):
        ingest(path, mode=0o1000)
    with pytest.raises(ValueError, match="stream socket"):
        ingest(None)
    with pytest.raises(ValueError, match=r"labels \[\] already, not \[a\]"):
        ingest(path, labels=["a"])
    with pytest.raises(TypeError):
        ingest(path, mode=-1)


SENDS = """
        import json, os, socket, sys, threading, warnings
        import toolvitals as tv
        from toolvitals import _core
        LINE = b'{"counter":"c","value":1}\\n'
        def ingest(path):
            return _core.Ingest(socket=path, datagram_socket=None, mode=0o600, labels=[])
        def send(path, lines):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(LINE * lines)
        def count():
            text = _core.render("prometheus").decode().splitlines()
            return next((int(line.split()[1]) for line in text if line.startswith("c_total ")), 0)
"""


def test_a_later_one_goes_on_counting(tmp_path: Path) -> None:
    code = """
        path, counts = sys.argv[1], []
        for _ in range(3):
            running = ingest(path)
            send(path, 10)
            running.stop()
            counts.append(count())
        print(json.dumps(counts))
    """
    assert result_of(SENDS + code, str(tmp_path / "s")) == [10, 20, 30]


def test_a_forked_child_leaves_the_socket_alone_and_may_have_its_own(tmp_path: Path) -> None:
    code = """
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
        path, own_path = sys.argv[1:]
        running, done = ingest(path), threading.Event()
        sent = 0
        def work():
            global sent
            while not done.is_set():
                send(path, 5)
                sent += 5
        sender = threading.Thread(target=work)
        sender.start()
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                before = running.running
                running.stop()
                del running
                own = ingest(own_path)
                send(own_path, 7)
                own.stop()
                os._exit(0 if (before, count(), os.path.exists(path)) == (False, 7, True) else 1)
            assert os.waitpid(pid, 0)[1] == 0
        done.set()
        sender.join()
        running.stop()
        print(json.dumps([sent, count(), os.path.exists(path)]))
    """
    sent, counted, exists = result_of(SENDS + code, str(tmp_path / "s"), str(tmp_path / "own"))
    # The children's records are this service's too.
    assert counted == sent + 20 * 7
    assert not exists


def test_lines_are_taken_while_a_c_call_holds_the_gil(tmp_path: Path) -> None:
    code = """
        import ctypes
        path = sys.argv[1]
        running = ingest(path)
        waiting, told = os.pipe()
        if os.fork() == 0:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                for _ in range(20):
                    client.sendall(LINE * 5000)  # more than the kernel keeps for a reader that does not read
            os.write(told, b"x")
            os._exit(0)
        # PyDLL keeps the GIL during the call: from here on no Python code of this process runs until all is sent.
        ctypes.PyDLL(None).read(waiting, ctypes.create_string_buffer(1), 1)
        running.stop()
        os.wait()
        print(json.dumps(count()))
    """
    assert result_of(SENDS + code, str(tmp_path / "s")) == 100_000


# Another process, which the GIL of the server does not hold up.
SENDER = r"""
import socket, sys
with socket.socket(socket.AF_UNIX) as client:
    client.connect(sys.argv[1])
    for _ in range(100):
        client.sendall(b'{"counter":"c","value":1}\n' * 5000)
"""


def test_a_store_that_moves_meanwhile_loses_no_line(tmp_path: Path) -> None:
    code = """
        import subprocess
        path, folder, program = sys.argv[1:]
        running = ingest(path)
        sender = subprocess.Popen([sys.executable, "-S", "-c", program, path])
        while count() < 20_000:
            pass
        with tv.start(json_port=0, dir=folder):
            assert sender.wait() == 0
            running.stop()
            print(json.dumps(count()))
    """
    assert result_of(SENDS + code, str(tmp_path / "s"), str(tmp_path / "d"), SENDER) == 500_000


def test_it_takes_what_a_client_sends(tmp_path: Path) -> None:
    code = """
        from toolvitals.ipc import Client
        running = ingest(sys.argv[1])
        with Client(sys.argv[1]) as client:
            with client.track_operation("upload", object_size=10, labels={"user": "ann"}):
                pass
            client.counter("jobs_total", 3)
            assert client.flush()
        running.stop()
        print(json.dumps(_core.render("prometheus").decode().splitlines()))
    """
    text = result_of(SENDS + code, str(tmp_path / "s"))
    assert 'operations_total{operation_type="upload",outcome="success"} 1' in text
    assert 'operation_bytes_total{operation_type="upload"} 10' in text
    assert "jobs_total 3" in text
    assert "active_users 1.0" in text
    assert 'toolvitals_ipc_lines_total{result="accepted"} 2' in text
