"""A server of lines on a Unix socket that tests control: it can be slow, cut a line off, go away and come back."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from types import TracebackType
from typing import Any

__all__ = ["LineServer"]

PATIENCE_S = 60.0


class LineServer:
    """Takes connections one after the other and keeps the whole lines; stop() reads to the end first, as ours does.

    `cut_after` ends every connection after so many bytes, wherever in a line that is.
    """

    def __init__(self, path: str, cut_after: int | None = None) -> None:
        self.path = path
        self.lines: list[bytes] = []
        self.connections = 0
        self._cut_after = cut_after
        self._changed = threading.Condition()
        self._reading = threading.Event()
        self._reading.set()
        self._stopping = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def records(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]

    def pause(self) -> None:
        """Reads nothing until resume()."""
        self._reading.clear()

    def resume(self) -> None:
        self._reading.set()

    def wait_for(self, count: int) -> None:
        """Waits until there are so many lines."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.lines) >= count, PATIENCE_S), f"{len(self.lines)} of {count}"

    def stop(self) -> None:
        """Lets nobody send any more, and takes in what was sent."""
        os.unlink(self.path)
        self._stopping = True
        self._reading.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):  # Of one that has ended meanwhile.
                connection.shutdown(socket.SHUT_RD)
        self._thread.join()
        self._listener.close()

    def __enter__(self) -> LineServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._stopping:
            self.stop()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._connection = connection
                self.connections += 1
                if self._stopping:
                    connection.shutdown(socket.SHUT_RD)
                self._read(connection)
                self._connection = None

    def _read(self, connection: socket.socket) -> None:
        pending = b""
        left = self._cut_after
        while True:
            self._reading.wait(PATIENCE_S)
            wanted = 65536 if left is None else min(65536, left)
            if wanted == 0:
                connection.shutdown(socket.SHUT_RD)
                left, wanted = None, 65536
            part = connection.recv(wanted)
            if not part:
                return
            if left is not None:
                left -= len(part)
            *whole, pending = (pending + part).split(b"\n")
            with self._changed:
                self.lines += whole
                self._changed.notify_all()
