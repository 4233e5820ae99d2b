"""Free ports near the ones that are asked for."""

from __future__ import annotations

import socket

__all__ = ["HOST", "listen", "next_free", "reserve"]

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


def reserve(port: int) -> socket.socket:
    """A socket that keeps a port for those who share it, and does not listen itself; 0 for any free port."""
    return _bind(port, shared=True)


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
