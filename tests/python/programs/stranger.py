"""A program that closes all descriptors that it finds, as daemons do, and opens what is its own under their numbers."""

from __future__ import annotations

import os
import select
import socket
import tempfile
import time
import warnings

# The stranger keeps its files open to the end.
warnings.simplefilter("ignore", ResourceWarning)


class Stranger:
    """Files, sockets and an event loop."""

    def __init__(self) -> None:
        os.closerange(3, 256)
        self.epoll = select.epoll()
        self.pairs = [socket.socketpair() for _ in range(20)]
        self.files = [tempfile.TemporaryFile() for _ in range(20)]  # noqa: SIM115 (open to the end)
        for pair in self.pairs:
            for end in pair:
                end.setblocking(False)
                self.epoll.register(end.fileno(), select.EPOLLIN)

    def is_untouched(self) -> bool:
        """Whether the descriptors are still what they were opened for."""
        if self.epoll.poll(0):
            return False
        for pair in self.pairs:
            for one, other in (pair, pair[::-1]):
                one.send(b"x")
                if [number for number, _ in self.epoll.poll(0)] != [other.fileno()] or other.recv(2) != b"x":
                    return False
        return all(os.fstat(file.fileno()).st_size == 0 for file in self.files)


def cpu_seconds() -> float:
    """Of this process; CLOCK_PROCESS_CPUTIME_ID is exact where ticks are not."""
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
