"""Free ports, for programs that have to be told one."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

__all__ = ["free_port"]

_LOWEST = 12_000
_PARTS = 8
# The ports next to one that was given stay free, for programs that take the next one where theirs is in use.
_STEP = 17


def _range() -> range:
    """Ports that the kernel gives to nobody by itself, so that one stays free until it is listened on; each worker of
    pytest-xdist has its own part of them."""
    path = Path("/proc/sys/net/ipv4/ip_local_port_range")
    end = int(path.read_text().split()[0]) if path.exists() else 32_768
    found = re.search(r"\d+", os.environ.get("PYTEST_XDIST_WORKER", ""))
    part = int(found.group()) % _PARTS if found else 0
    size = max(end - _LOWEST, _PARTS * 1000) // _PARTS
    return range(_LOWEST + part * size, _LOWEST + (part + 1) * size)


_ports = _range()
# Two runs of the tests on one machine begin at different places.
_next = os.getpid() * 37


def free_port() -> int:
    """A port of the loopback that nobody listens on, and that was not given before."""
    global _next
    for _ in _ports:
        port = _ports[_next % len(_ports)]
        _next += _STEP
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError(f"every port from {_ports.start} to {_ports.stop} is taken")
