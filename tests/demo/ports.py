"""Free ports near the ones that are asked for."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

__all__ = ["HOST", "listen", "next_free", "reserved"]

HOST = "127.0.0.1"
TRIES_MAX = 100


def listen(port: int, *, shared: bool = False) -> socket.socket:
    """A listening TCP socket; OSError where the port is taken. A shared port others may listen on, if they share it."""
    listener = _bind(port, shared=shared)
    try:
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def reserved(preferred: int) -> Iterator[int]:
    """A port that stays this process's to share with its workers, also while none of them listens; 0 means any.

    It is the preferred one or the next one above it that is free. Raises OSError where there is none nearby.
    """
    with ExitStack() as stack:
        for port in range(preferred, min(preferred + TRIES_MAX, 65536)):
            try:
                if port:
                    stack.enter_context(_claim(port))
                    listen(port).close()
                bound = stack.enter_context(_bind(port, shared=True))
            except OSError:
                stack.close()
                continue
            yield int(bound.getsockname()[1])
            return
        raise OSError(f"no free port from {preferred} on")


def _claim(port: int) -> socket.socket:
    """What keeps another demo from reserving the port; OSError where one has. The kernel would let both share it.

    A name without a file is the claim: it is gone with its process.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        claim.bind(f"\0toolvitals demo, port {port}")
    except OSError:
        claim.close()
        raise
    return claim


def _bind(port: int, *, shared: bool) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Connections of an earlier run that are still closing do not make a port taken.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


def next_free(preferred: int, *, apart_from: int | None = None) -> int:
    """The preferred port or the next one above it that is free; OSError where there is none nearby."""
    for port in range(preferred, min(preferred + TRIES_MAX, 65536)):
        if port == apart_from:
            continue
        try:
            listen(port).close()
        except OSError:
            continue
        return port
    raise OSError(f"no free port from {preferred} on")
