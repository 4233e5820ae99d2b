"""Tells systemd how a service is doing: the protocol of sd_notify(3), spoken by hand."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

__all__ = ["Notifier"]

_logger = logging.getLogger("toolvitals.cli")


class Notifier:
    """Sends states to the socket that NOTIFY_SOCKET names; does nothing where the variable is not set.

    `watchdog_s` is the time in seconds within which systemd wants to hear from this process, None where it does not.
    A service goes on where its manager does not listen: what cannot be sent is logged.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.watchdog_s = _watchdog_s(environ) if self._address else None

    def ready(self, status: str) -> None:
        """The service has started up."""
        self._send(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        """The service is about to end."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """The service is well."""
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        # An abstract address is written with "@" for its leading NUL.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                # A manager that does not read must not hold the service up.
                sender.settimeout(1.0)
                sender.sendto(state.encode(), address)
        except OSError as error:
            _logger.warning("%s cannot be told %r: %s", self._address, state, error)


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    text = environ.get("WATCHDOG_USEC", "")
    if not (text.isascii() and text.isdecimal()) or int(text) == 0:
        return None
    # A child inherits the variables, but it is its parent that is watched.
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(text) / 1e6
