"""A registry behind an HTTP server of its own, in a thread."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import socketserver
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from toolvitals.prometheus._apps import answer, make_wsgi_app
from toolvitals.prometheus._tls import server_context
from toolvitals.prometheus.registry import REGISTRY, Collector

__all__ = ["MetricsHandler", "SilentHandler", "ThreadingWSGIServer", "start_http_server", "start_wsgi_server"]

# A client that neither sends nor takes anything for so long gives its thread back.
_TIMEOUT_SECONDS = 60
_LINGER_SECONDS = 1
_LINGER_READS = 16

_log = logging.getLogger(__name__)


class ThreadingWSGIServer(socketserver.ThreadingMixIn, WSGIServer):
    """A WSGI server with a daemon thread for each request."""

    daemon_threads = True


class SilentHandler(WSGIRequestHandler):
    """Handles requests without a line in the log for each."""

    timeout = _TIMEOUT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Logs nothing."""


class MetricsHandler(BaseHTTPRequestHandler):
    """Answers the GET requests of an http.server with the scrape of `registry`, which factory() sets."""

    registry: Collector = REGISTRY

    def do_GET(self) -> None:
        """Sends the scrape, negotiated as make_wsgi_app() does; where a collector raises, 500 before that passes."""
        target = urlsplit(self.path)
        accept, encoding = (", ".join(self.headers.get_all(name, [])) for name in ("Accept", "Accept-Encoding"))
        query = target.query.encode("latin-1", "replace")
        try:
            status, headers, body = answer(self.registry, self.command, target.path, query, accept, encoding)
        except Exception:
            self.send_error(500, explain="A collector failed; the server's log says how.")
            raise
        self.send_response(int(status.split(" ", 1)[0]))
        if self.command != "HEAD":
            headers = [*headers, ("Content-Length", str(len(body)))]
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        """Sends the headers that GET would have."""
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Logs nothing."""

    @classmethod
    def factory(cls, registry: Collector) -> type[MetricsHandler]:
        """A handler class for the registry, to be given to a server."""
        return type(cls.__name__, (cls,), {"registry": registry})


def start_wsgi_server(
    port: int,
    addr: str = "0.0.0.0",
    registry: Collector = REGISTRY,
    certfile: str | None = None,
    keyfile: str | None = None,
    client_cafile: str | None = None,
    client_capath: str | None = None,
    protocol: int = ssl.PROTOCOL_TLS_SERVER,
    client_auth_required: bool = False,
    tls_min_version: ssl.TLSVersion | None = None,
    tls_max_version: ssl.TLSVersion | None = None,
) -> tuple[WSGIServer, threading.Thread]:
    """Serves a registry over HTTP in a daemon thread.

    `port` 0 is any free port, which `server.server_port` tells; `addr` is an IPv4 or IPv6 address or a name. With
    `certfile`, a PEM file, it is HTTPS; the key is in `keyfile`, or in the certificate's file where that is None. With
    `client_auth_required` only clients are answered that show a certificate of `client_cafile`, of the folder
    `client_capath`, or of the system's authorities where both are None.

    Returns the server and its thread: `server.shutdown()`, `thread.join()` and `server.server_close()` end it. OSError
    for an address that cannot be had or a file that cannot be used, ValueError for settings of TLS without `certfile`.
    """
    context = None
    if certfile:
        context = server_context(
            certfile, keyfile, client_cafile, client_capath, protocol, client_auth_required, tls_min_version,
            tls_max_version,
        )  # fmt: skip
    elif keyfile or client_cafile or client_capath or client_auth_required:
        raise ValueError("keyfile, client_cafile, client_capath and client_auth_required need a certfile")
    server = _bound(addr, port, context)
    server.set_app(make_wsgi_app(registry))
    thread = threading.Thread(target=server.serve_forever, name=f"metrics on port {server.server_port}", daemon=True)
    thread.start()
    return server, thread


start_http_server = start_wsgi_server


def _bound(addr: str, port: int, context: ssl.SSLContext | None) -> _Server:
    """A server on the first address of that name that this machine has."""
    infos = socket.getaddrinfo(addr, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, _, _, _, address in infos[:-1]:
        try:
            return _Server(family, address, context)
        except OSError as error:  # noqa: PERF203 - a name has a few addresses
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
    family, _, _, _, address = infos[-1]
    return _Server(family, address, context)


class _Server(ThreadingWSGIServer):
    """The server of one call, with its own address family and perhaps TLS."""

    # A port that another server has is an error, also where the base class would share it.
    allow_reuse_port = False

    def __init__(self, family: int, address: Any, context: ssl.SSLContext | None) -> None:
        self.address_family = family
        self._context = context
        super().__init__(address, SilentHandler)

    def server_bind(self) -> None:
        """Binds, without the reverse look-up of the host's name, which waits for a name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Handles a request, in its own thread. So is the handshake: a slow client holds up nobody else."""
        if self._context is not None:
            request.settimeout(_TIMEOUT_SECONDS)
            with self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as secure:
                try:
                    secure.do_handshake()
                except OSError:
                    _close_after_refusal(secure)
                    raise
                super().finish_request(secure, client_address)
                _close_notify(secure)
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away or speak no TLS are their own affair; anything else is logged."""
        level = logging.DEBUG if isinstance(sys.exc_info()[1], OSError) else logging.ERROR
        _log.log(level, "a request from %s failed", client_address, exc_info=True)


def _close_after_refusal(secure: ssl.SSLSocket) -> None:
    """Lets the client read why. It may have sent a request already, and closing on that would take the answer back."""
    with contextlib.suppress(OSError):
        secure.shutdown(socket.SHUT_WR)
        secure.settimeout(_LINGER_SECONDS)
        for _ in range(_LINGER_READS):
            if not secure.recv(4096):
                break


def _close_notify(secure: ssl.SSLSocket) -> None:
    """Tells the client that nothing was cut off, without waiting for it to say the same."""
    with contextlib.suppress(OSError):
        secure.settimeout(0)
        secure.unwrap()
    with contextlib.suppress(OSError):
        secure.shutdown(socket.SHUT_WR)
