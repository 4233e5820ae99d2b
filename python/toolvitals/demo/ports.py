"""Free ports near the ones that are asked for."""

from __future__ import annotations

import socket

__all__ = ["listen", "next_free"]

HOST = "127.0.0.1"
TRIES_MAX = 100


def listen(port: int) -> socket.socket:
    """A listening TCP socket; OSError where the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Connections of an earlier run that are still closing do not make a port taken.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


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
