"""HTTP connections that have so many seconds for everything: to be made, to be asked, to answer the last byte.

The timeout of the standard library is for each step. A server that sends a byte now and then keeps every step short,
and its client for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
import urllib.request
from functools import partial
from typing import Any

__all__ = ["BoundedHandler", "BoundedTlsHandler"]


class _Deadline:
    """A time on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """How many seconds there are; TimeoutError where there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _BoundedStream(io.RawIOBase):
    """What comes from a socket, until the deadline."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        super().__init__()
        # Which keeps the socket open for as long as the answer is read, whoever closes the connection meanwhile.
        self._stream = connection.makefile("rb", buffering=0)
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(self._deadline.left())
        return self._stream.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer that is there by the deadline, or never."""

    def __init__(self, deadline: _Deadline, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_BoundedStream(sock, deadline))


class _Bounded(http.client.HTTPConnection):
    """A connection whose timeout is for all of it. That a name is looked up takes as long as the system lets it."""

    timeout: float

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline = _Deadline(self.timeout)
        self.response_class = partial(_Answer, self._deadline)  # type: ignore[assignment]
        # What connect() calls.
        self._create_connection = self._connected

    def _connected(self, address: tuple[str, int], *_: Any) -> socket.socket:
        """A socket to the first of the host's addresses that answers; each has an even share of the time."""
        found = socket.getaddrinfo(*address, 0, socket.SOCK_STREAM)
        failure = OSError("the host has no address")
        for number, (family, kind, protocol, _name, each) in enumerate(found):
            made = None
            try:
                made = socket.socket(family, kind, protocol)
                made.settimeout(self._deadline.left() / (len(found) - number))
                made.connect(each)
                made.settimeout(self._deadline.left())
            except OSError as error:
                failure = error
                if made is not None:
                    made.close()
            else:
                return made
        raise failure


class _BoundedTls(http.client.HTTPSConnection, _Bounded):
    """The same, with TLS."""


class BoundedHandler(urllib.request.HTTPHandler):
    """For `build_opener()`: a request's timeout is for its whole answer."""

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Bounded, req)


class BoundedTlsHandler(urllib.request.HTTPSHandler):
    """The same, with TLS."""

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_BoundedTls, req)
