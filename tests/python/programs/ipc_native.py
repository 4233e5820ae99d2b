"""Services that take lines at a socket while they fork, hold the GIL or move their store."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

from programs.send_lines import send

import toolvitals as tv
from toolvitals import _core
from toolvitals.ipc import Client


def _ingest(path: str) -> _core.Ingest:
    return _core.Ingest(socket=path, datagram_socket=None, mode=0o600, labels=[])


def _count() -> int:
    text = _core.render("prometheus").decode().splitlines()
    return next((int(line.split()[1]) for line in text if line.startswith("c_total ")), 0)


def ingest_three_times(path: str) -> list[int]:
    counts = []
    for _ in range(3):
        running = _ingest(path)
        send(path, 10)
        running.stop()
        counts.append(_count())
    return counts


def fork_while_lines_come(path: str, own_path: str) -> list[object]:
    warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
    running, done = _ingest(path), threading.Event()
    sent = 0

    def work() -> None:
        nonlocal sent
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
            own = _ingest(own_path)
            send(own_path, 7)
            own.stop()
            os._exit(0 if (before, _count(), os.path.exists(path)) == (False, 7, True) else 1)
        assert os.waitpid(pid, 0)[1] == 0
    done.set()
    sender.join()
    running.stop()
    return [sent, _count(), os.path.exists(path)]


def hold_the_gil_while_lines_come(path: str) -> int:
    running = _ingest(path)
    waiting, told = os.pipe()
    if os.fork() == 0:
        send(path, 5000, times=20)  # more than the kernel keeps for a reader that does not read
        os.write(told, b"x")
        os._exit(0)
    # PyDLL keeps the GIL during the call: from here on no Python code of this process runs until all is sent.
    ctypes.PyDLL(None).read(waiting, ctypes.create_string_buffer(1), 1)
    running.stop()
    os.wait()
    return _count()


def move_while_lines_come(path: str, folder: str) -> int:
    running = _ingest(path)
    # Another process, which the GIL of the server does not hold up.
    sending = subprocess.Popen([sys.executable, "-S", str(Path(__file__).with_name("send_lines.py")), path])
    while _count() < 20_000:
        pass
    with tv.start(json_port=0, dir=folder):
        assert sending.wait() == 0
        running.stop()
        return _count()


def take_what_a_client_sends(path: str) -> list[str]:
    running = _ingest(path)
    with Client(path) as client:
        with client.track_operation("upload", object_size=10, labels={"user": "ann"}):
            pass
        client.counter("jobs_total", 3)
        assert client.flush()
    running.stop()
    return _core.render("prometheus").decode().splitlines()
