"""The other side of `service`: starting one, scraping it, holding connections open."""

from __future__ import annotations

import http.client
import json
import resource
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic_ns, sleep
from typing import Any

__all__ = ["Service", "hold_idle", "scrape_at_pace", "serving", "still_open"]


class Service:
    """A service in a process of its own; `stop()` gives what it measured."""

    def __init__(self, library: str, mode: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.python.service", library, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._read()["port"])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the service ended early with status {self._process.wait()}")
        result: dict[str, Any] = json.loads(line)
        return result

    def stop(self) -> dict[str, Any]:
        """Ends the service."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        measured = self._read()
        self._process.wait(timeout=30)
        return measured

    def kill(self) -> None:
        """Ends the service whatever it does; a no-op for one that has ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@contextmanager
def serving(library: str, mode: str = "idle") -> Iterator[Service]:
    """A service for the length of a block."""
    service = Service(library, mode)
    try:
        yield service
    finally:
        service.kill()


def scrape_at_pace(port: int, per_second: float, seconds: float) -> list[tuple[int, int]]:
    """Scrapes at a steady pace; the instants (CLOCK_MONOTONIC, ns) between which each scrape ran.

    A connection is kept where the server keeps it. With port 0 nothing is asked and the instants are those of a scrape
    of two milliseconds: the control.
    """
    spans = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(max(1, int(per_second * seconds))):
        started = monotonic_ns()
        if port == 0:
            sleep(0.002)
        else:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or b"tool_99" not in body:
                raise RuntimeError(f"a scrape was answered with {answer.status}")
            if answer.will_close:
                connection.close()
        ended = monotonic_ns()
        spans.append((started, ended))
        sleep(max(0.0, 1 / per_second - (ended - started) / 1e9))
    connection.close()
    return spans


@contextmanager
def hold_idle(port: int, connections: int) -> Iterator[list[socket.socket]]:
    """Keeps connections open that were each served once and now say nothing."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held: list[socket.socket] = []
    try:
        for _ in range(min(connections, hard - 100)):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            held.append(connection)
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("a connection was refused")
            connection.setblocking(False)
        yield held
    finally:
        for connection in held:
            connection.close()


def still_open(held: list[socket.socket]) -> int:
    """How many of the connections the server has not closed."""
    selector = selectors.DefaultSelector()
    for connection in held:
        selector.register(connection, selectors.EVENT_READ)
    closed = len(selector.select(timeout=0))
    selector.close()
    return len(held) - closed
