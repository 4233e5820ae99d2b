"""Pushing to a gateway, the same for prometheus_client and for toolvitals.prometheus."""

from __future__ import annotations

import functools
import gzip
import ipaddress
import socket
import socketserver
import ssl
import sys
import threading
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import prometheus_client.exposition
import pytest
import snappy
from certificates import Certificates
from ports import free_port

import toolvitals.prometheus.exposition

OURS, PEER = toolvitals.prometheus, prometheus_client
BOTH = pytest.mark.parametrize("client", [OURS, PEER], ids=["ours", "peer"])
TEXT = b"# HELP g help\n# TYPE g gauge\ng 0.5\n"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def registry_of(client: ModuleType) -> Any:
    registry = client.CollectorRegistry()
    client.Gauge("g", "help", registry=registry).set(0.5)
    return registry


class Gateway(ThreadingHTTPServer):
    """Takes whatever is pushed and remembers it; answers as `answers` says by path, otherwise 202."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), _Recorder)
        self.address = f"{f'[{host}]' if ':' in host else host}:{self.server_port}"
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.released = threading.Event()

    def only(self) -> tuple[str, str, dict[str, str], bytes]:
        """The one request that came: method, path, headers, body."""
        (request,) = self.requests
        return request


class _Recorder(BaseHTTPRequestHandler):
    server: Gateway

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.command, self.path, headers, body))
        if self.path == "/metrics/job/never":
            self.server.released.wait(30)
        status, answer_headers, text = self.server.answers.get(self.path, (202, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **answer_headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self) -> None:
        self.do_PUT()

    def do_DELETE(self) -> None:
        self.do_PUT()

    def do_GET(self) -> None:
        self.do_PUT()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setenv("no_proxy", "*")
    with serving(Gateway()) as server:
        yield server


@contextmanager
def serving(server: Gateway) -> Iterator[Gateway]:
    """Runs the gateway in a thread."""
    with server:
        thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@BOTH
@pytest.mark.parametrize(("function", "method"), [("push_to_gateway", "PUT"), ("pushadd_to_gateway", "POST")])
def test_push(client: ModuleType, function: str, method: str, gateway: Gateway) -> None:
    assert getattr(client.exposition, function)(gateway.address, "my_job", registry_of(client)) is None
    command, path, headers, body = gateway.only()
    assert (command, path, body) == (method, "/metrics/job/my_job", TEXT)
    assert headers["content-type"] == CONTENT_TYPE
    assert "content-encoding" not in headers


@BOTH
def test_delete(client: ModuleType, gateway: Gateway) -> None:
    client.exposition.delete_from_gateway(gateway.address, "my_job", {"b": 1, "a": "x/y"})
    command, path, headers, body = gateway.only()
    assert (command, path, body) == ("DELETE", "/metrics/job/my_job/a@base64/eC95/b/1", b"")
    assert headers["content-type"] == CONTENT_TYPE


@BOTH
def test_without_a_registry_it_is_the_default_one(client: ModuleType, gateway: Gateway) -> None:
    client.exposition.pushadd_to_gateway(gateway.address, "my_job", None)
    assert b"python_info" in gateway.only()[3]


@BOTH
@pytest.mark.parametrize(
    ("prefix", "suffix", "path"),
    [
        ("", "", "/metrics/job/j"),
        ("http://", "", "/metrics/job/j"),
        ("HTTP://", "", "/metrics/job/j"),
        ("http://", "/", "/metrics/job/j"),
        ("", "//", "/metrics/job/j"),
        ("", "/some/path", "/some/path/metrics/job/j"),
        ("http://", "/some/path/", "/some/path/metrics/job/j"),
    ],
)
def test_addresses(client: ModuleType, prefix: str, suffix: str, path: str, gateway: Gateway) -> None:
    client.exposition.push_to_gateway(prefix + gateway.address + suffix, "j", registry_of(client))
    assert gateway.only()[1] == path


@BOTH
@pytest.mark.parametrize("scheme", ["", "http://"])
def test_an_address_of_ipv6(client: ModuleType, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with serving(Gateway("::1")) as gateway:
        client.exposition.push_to_gateway(scheme + gateway.address, "j", registry_of(client))
    assert gateway.only()[1] == "/metrics/job/j"


@BOTH
@pytest.mark.parametrize(
    ("job", "grouping_key", "path"),
    [
        ("j", {"a": 9, "b": "x"}, "/job/j/a/9/b/x"),
        ("j", {"b": "x", "a": None}, "/job/j/a/None/b/x"),
        ("j", {"a": ""}, "/job/j/a@base64/="),
        ("", None, "/job@base64/="),
        ("my/job", {"a": 9, "b": "a/ z"}, "/job@base64/bXkvam9i/a/9/b@base64/YS8geg=="),
        ("my job", {}, "/job@base64/bXkgam9i"),
        ("j", {"a": "1+1=2&?#%"}, "/job/j/a/1%2B1%3D2%26%3F%23%25"),
        ("jöb", {"a": "ключ"}, "/job/j%C3%B6b/a/%D0%BA%D0%BB%D1%8E%D1%87"),
        ("j", {"a": "ü/>>>???"}, "/job/j/a@base64/w7wvPj4-Pz8_"),
        ("j", {"a@base64": "eA"}, "/job/j/a@base64/eA"),
    ],
)
def test_grouping_keys(client: ModuleType, job: str, grouping_key: Any, path: str, gateway: Gateway) -> None:
    client.exposition.push_to_gateway(gateway.address, job, registry_of(client), grouping_key)
    assert gateway.only()[1] == "/metrics" + path


@pytest.mark.parametrize(("value", "encoded"), [(".", "Lg=="), ("..", "Li4="), ("...", None)])
def test_dots_that_a_path_would_lose_are_encoded(value: str, encoded: str | None, gateway: Gateway) -> None:
    OURS.exposition.delete_from_gateway(gateway.address, "j", {"a": value})
    assert gateway.only()[1] == f"/metrics/job/j/a@base64/{encoded}" if encoded else f"/metrics/job/j/a/{value}"


def test_a_name_that_would_be_several_is_refused(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="'a/b/c'"):
        OURS.exposition.delete_from_gateway(gateway.address, "j", {"a/b/c": "d"})
    assert not gateway.requests


@BOTH
@pytest.mark.parametrize(
    ("compression", "decompress"),
    [("gzip", gzip.decompress), ("GZIP", gzip.decompress), ("snappy", lambda data: snappy_decompressed(data))],
)
def test_compression(
    client: ModuleType, compression: str, decompress: Callable[[bytes], bytes], gateway: Gateway
) -> None:
    client.exposition.push_to_gateway(gateway.address, "j", registry_of(client), compression=compression)
    _, _, headers, body = gateway.only()
    assert headers["content-encoding"] == compression.lower()
    assert decompress(body) == TEXT


def snappy_decompressed(data: bytes) -> bytes:
    decompressor = snappy.StreamDecompressor()
    whole: bytes = decompressor.decompress(data)
    return whole + (decompressor.flush() or b"")


@BOTH
def test_an_unknown_compression_is_a_value_error(client: ModuleType, gateway: Gateway) -> None:
    assert client.exposition.SNAPPY_AVAILABLE
    with pytest.raises(ValueError, match="Unsupported compression type"):
        client.exposition.push_to_gateway(gateway.address, "j", registry_of(client), compression="brotli")
    assert not gateway.requests


def test_without_python_snappy_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    monkeypatch.setitem(sys.modules, "snappy", None)
    with pytest.raises(RuntimeError, match="python-snappy"):
        OURS.exposition.push_to_gateway(gateway.address, "j", registry_of(OURS), compression="snappy")


@BOTH
def test_a_handler_of_the_programs_own(client: ModuleType) -> None:
    calls: list[Any] = []

    def handler(**arguments: Any) -> Callable[[], None]:
        calls.append(arguments)
        return lambda: calls.append("sent")

    client.exposition.push_to_gateway("https://g", "j", registry_of(client), {"a": 1}, timeout=None, handler=handler)
    client.exposition.delete_from_gateway("g", "j", handler=handler)
    content_type = ("Content-Type", CONTENT_TYPE)
    url = "https://g/metrics/job/j/a/1"
    assert calls == [
        {"url": url, "method": "PUT", "timeout": None, "headers": [content_type], "data": TEXT},
        "sent",
        {"url": "http://g/metrics/job/j", "method": "DELETE", "timeout": 30, "headers": [content_type], "data": b""},
        "sent",
    ]


@BOTH
def test_a_handler_that_adds_a_header(client: ModuleType, gateway: Gateway) -> None:
    def handler(url: str, method: str, timeout: float, headers: list[Any], data: bytes) -> Any:
        headers.append(["X-Scope", "team"])
        return client.exposition.default_handler(url, method, timeout, headers, data)

    client.exposition.push_to_gateway(gateway.address, "j", registry_of(client), handler=handler)
    assert gateway.only()[2]["x-scope"] == "team"


@BOTH
def test_basic_authentication(client: ModuleType, gateway: Gateway) -> None:
    for name, word in (("me", "pässword:1"), (None, None), ("me", None)):
        handler = functools.partial(client.exposition.basic_auth_handler, username=name, password=word)
        client.exposition.push_to_gateway(gateway.address, "j", registry_of(client), handler=handler)
    said = [headers.get("authorization") for _, _, headers, _ in gateway.requests]
    assert said == ["Basic bWU6cMOkc3N3b3JkOjE=", None, None]


def test_basic_authentication_leaves_the_headers_it_was_given(gateway: Gateway) -> None:
    headers: list[tuple[str, str]] = []
    url = f"http://{gateway.address}/"
    send = OURS.exposition.basic_auth_handler(url, "PUT", 30, headers, b"", "me", "word")
    send()
    send()
    assert headers == []


@BOTH
def test_tls_authentication(client: ModuleType, tmp_path: Path, gateway: Gateway) -> None:
    certificates = Certificates(tmp_path)
    context = _server_context(certificates)
    gateway.socket = context.wrap_socket(gateway.socket, server_side=True)
    address = f"https://{gateway.address}"
    for settings in ({"cafile": certificates.authority}, {"insecure_skip_verify": True}):
        certfile, keyfile = certificates.client
        handler = functools.partial(client.exposition.tls_auth_handler, certfile=certfile, keyfile=keyfile, **settings)
        client.exposition.push_to_gateway(address, "j", registry_of(client), handler=handler)
    assert [body for _, _, _, body in gateway.requests] == [TEXT, TEXT]
    unverified = functools.partial(client.exposition.tls_auth_handler, certfile=certfile, keyfile=keyfile)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        client.exposition.push_to_gateway(address, "j", registry_of(client), handler=unverified)


def _server_context(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    context.load_cert_chain(*certificates.server)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@BOTH
@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize("function", ["push_to_gateway", "pushadd_to_gateway"])
def test_redirects_are_passed_through_on_demand(
    client: ModuleType, status: int, function: str, gateway: Gateway
) -> None:
    gateway.answers["/metrics/job/j"] = (status, {"Location": "/other place"}, b"")
    handler = client.exposition.passthrough_redirect_handler
    getattr(client.exposition, function)(gateway.address, "j", registry_of(client), handler=handler)
    first, second = gateway.requests
    assert (second[0], second[1]) == (first[0], "/other%20place")
    assert (second[2]["content-type"], second[3]) == (CONTENT_TYPE, TEXT)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_of_every_kind_and_method_are_passed_through(status: int, gateway: Gateway) -> None:
    gateway.answers["/metrics/job/j"] = (status, {"Location": "/other"}, b"")
    handler = OURS.exposition.passthrough_redirect_handler
    OURS.exposition.push_to_gateway(gateway.address, "j", registry_of(OURS), handler=handler)
    OURS.exposition.delete_from_gateway(gateway.address, "j", handler=handler)
    assert [(method, path) for method, path, _, _ in gateway.requests] == [
        ("PUT", "/metrics/job/j"),
        ("PUT", "/other"),
        ("DELETE", "/metrics/job/j"),
        ("DELETE", "/other"),
    ]


@pytest.mark.parametrize("function", ["push_to_gateway", "pushadd_to_gateway"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_otherwise_a_redirect_is_an_error_and_nothing_is_lost(function: str, status: int, gateway: Gateway) -> None:
    gateway.answers["/metrics/job/j"] = (status, {"Location": "/other"}, b"")
    with pytest.raises(urllib.error.HTTPError, match="other") as caught:
        getattr(OURS.exposition, function)(gateway.address, "j", registry_of(OURS))
    assert caught.value.code == status
    caught.value.close()
    assert len(gateway.requests) == 1


@BOTH
@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_refusal_is_an_os_error(client: ModuleType, status: int, gateway: Gateway) -> None:
    gateway.answers["/metrics/job/j"] = (status, {}, b"for a reason\n")
    with pytest.raises(OSError, match=str(status)) as caught:
        client.exposition.push_to_gateway(gateway.address, "j", registry_of(client))
    error: Any = caught.value
    assert (error.code, error.read()) == (status, b"for a reason\n")
    if client is OURS:
        assert str(error).endswith(": for a reason")
    error.close()


@BOTH
def test_a_gateway_that_is_not_there_or_says_nothing_is_an_os_error(client: ModuleType, gateway: Gateway) -> None:
    port = free_port()
    with pytest.raises(OSError, match="refused"):
        client.exposition.push_to_gateway(f"127.0.0.1:{port}", "j", registry_of(client))
    with pytest.raises(OSError, match="timed out"):
        client.exposition.push_to_gateway(gateway.address, "never", registry_of(client), timeout=0.05)


def test_what_does_not_speak_http_is_an_os_error() -> None:
    class Mumbling(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(b"220 mail.example.org ESMTP\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Mumbling) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(OSError, match="does not speak HTTP"):
            OURS.exposition.delete_from_gateway(f"127.0.0.1:{server.server_address[1]}", "j")
        thread.join()


@BOTH
def test_nothing_is_sent_where_a_collector_fails(client: ModuleType, gateway: Gateway) -> None:
    class Failing:
        def describe(self) -> list[Any]:
            return []

        def collect(self) -> list[Any]:
            raise LookupError("failed")

    registry = client.CollectorRegistry()
    registry.register(Failing())
    with pytest.raises(LookupError):
        client.exposition.push_to_gateway(gateway.address, "j", registry)
    assert not gateway.requests


@BOTH
def test_the_hosts_address(client: ModuleType) -> None:
    (name,) = client.exposition.instance_ip_grouping_key()
    assert name == "instance"
    assert ipaddress.ip_address(client.exposition.instance_ip_grouping_key()["instance"])


def test_the_hosts_address_is_the_one_that_others_see(monkeypatch: pytest.MonkeyPatch) -> None:
    class Routed:
        """A socket on a host that has only the families in `routes`."""

        routes: ClassVar[dict[int, str]] = {}

        def __init__(self, family: int, kind: int) -> None:
            self.family = family

        def __enter__(self) -> Routed:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def connect(self, address: tuple[str, int]) -> None:
            if self.family not in self.routes:
                raise OSError("Network is unreachable")

        def getsockname(self) -> tuple[str, int]:
            return self.routes[self.family], 1

    monkeypatch.setattr(socket, "socket", Routed)
    found = []
    for routes in ({socket.AF_INET: "192.0.2.7", socket.AF_INET6: "2001:db8::7"}, {socket.AF_INET6: "2001:db8::7"}, {}):
        monkeypatch.setattr(Routed, "routes", routes)
        found.append(OURS.exposition.instance_ip_grouping_key()["instance"])
    assert found == ["192.0.2.7", "2001:db8::7", "127.0.0.1"]
