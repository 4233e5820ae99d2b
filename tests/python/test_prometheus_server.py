"""Servers and handlers that a program starts itself, the same for prometheus_client and for toolvitals.prometheus."""

from __future__ import annotations

import functools
import gzip
import http.client
import inspect
import logging
import socket
import socketserver
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http.server import HTTPServer, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import prometheus_client
import prometheus_client.exposition
import pytest
from certificates import Certificates
from ports import free_port

import toolvitals.prometheus
import toolvitals.prometheus.exposition

OURS, PEER = toolvitals.prometheus, prometheus_client
BOTH = pytest.mark.parametrize("client", [OURS, PEER], ids=["ours", "peer"])
# The peer forgets to close sockets where a file of TLS cannot be used or a client is refused.
LEAKY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
BOTH_LEAKY = pytest.mark.parametrize("client", [OURS, pytest.param(PEER, marks=LEAKY)], ids=["ours", "peer"])
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Odd:
    """A collector that does what it is told when it is asked."""

    def __init__(self, collect: Any) -> None:
        self.collect = collect

    def describe(self) -> list[Any]:
        return []


def registry_of(client: ModuleType) -> Any:
    registry = client.CollectorRegistry()
    client.Counter("calls", "Calls.", registry=registry).inc(3)
    client.Gauge("size", "Size.", registry=registry).set(1.5)
    return registry


def failing(client: ModuleType) -> Any:
    def collect() -> Iterable[Any]:
        raise LookupError("the collector has failed")

    registry = client.CollectorRegistry()
    registry.register(Odd(collect))
    return registry


@contextmanager
def started(client: ModuleType, registry: Any = None, addr: str = "127.0.0.1", **settings: Any) -> Iterator[int]:
    """Starts a server on a free port; ends it the way the documentation says."""
    if registry is not None:
        settings["registry"] = registry
    server, thread = client.exposition.start_http_server(0, addr, **settings)
    try:
        assert isinstance(server, client.exposition.ThreadingWSGIServer)
        assert thread.daemon
        assert thread.is_alive()
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(url: str, context: ssl.SSLContext | None = None, method: str = "GET", **headers: str) -> tuple[Any, bytes]:
    """Headers and body of an answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    # Proxies of the environment have no part in this.
    handlers = [] if context is None else [urllib.request.HTTPSHandler(context=context)]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
    with opener.open(urllib.request.Request(url, headers=names, method=method), timeout=30) as answer:
        return answer.headers, answer.read()


@pytest.fixture(autouse=True)
def _prompt_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has servers look more often than twice a second whether they are to end."""
    serve = functools.partialmethod(socketserver.BaseServer.serve_forever, poll_interval=0.01)
    monkeypatch.setattr(socketserver.BaseServer, "serve_forever", serve)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize(
    "name",
    [
        "start_http_server",
        "start_wsgi_server",
        "make_wsgi_app",
        "make_asgi_app",
        "generate_latest",
        "write_to_textfile",
        "push_to_gateway",
        "pushadd_to_gateway",
        "delete_from_gateway",
        "instance_ip_grouping_key",
        "default_handler",
        "passthrough_redirect_handler",
        "basic_auth_handler",
        "tls_auth_handler",
        "choose_encoder",
        "gzip_accepted",
        "_bake_output",
    ],
)
def test_signatures_are_the_peers(name: str) -> None:
    def shape(client: ModuleType) -> list[Any]:
        parameters = inspect.signature(getattr(client.exposition, name)).parameters.values()
        return [(one.name, one.kind, comparable(client, one.default)) for one in parameters]

    assert shape(OURS) == shape(PEER)


def comparable(client: ModuleType, default: Any) -> Any:
    known = {id(client.REGISTRY): "REGISTRY", id(client.exposition.default_handler): "default_handler"}
    return known.get(id(default), default)


def test_all_public_names_are_there() -> None:
    assert set(PEER.exposition.__all__) <= set(OURS.exposition.__all__)


@BOTH
@pytest.mark.parametrize(
    ("addr", "reached"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("localhost", "localhost"),
        ("::1", "[::1]"),
        ("::", "[::1]"),
    ],
)
def test_addresses(client: ModuleType, addr: str, reached: str) -> None:
    with started(client, registry_of(client), addr) as port:
        assert b"calls_total 3.0" in fetch(f"http://{reached}:{port}/metrics")[1]
    with pytest.raises(urllib.error.URLError):
        fetch(f"http://{reached}:{port}/metrics")


@BOTH
def test_without_a_registry_it_is_the_default_one(client: ModuleType) -> None:
    with started(client) as port:
        assert b"python_info" in fetch(f"http://127.0.0.1:{port}/")[1]


@BOTH
def test_a_name_that_does_not_resolve_and_a_port_in_use_are_os_errors(client: ModuleType) -> None:
    with pytest.raises(OSError, match="ame"):
        client.exposition.start_http_server(0, "no-such-host.invalid")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(OSError, match="in use"):
        client.exposition.start_http_server(taken.getsockname()[1], "127.0.0.1")


@BOTH
def test_requests(client: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    with started(client, registry_of(client)) as port:
        url = f"http://127.0.0.1:{port}"
        headers, body = fetch(f"{url}/any/path?name[]=size&x=y", accept_encoding="gzip", accept=OPENMETRICS)
        assert headers["Content-Type"].startswith(OPENMETRICS)
        assert headers["Content-Length"] == str(len(body))
        lines = gzip.decompress(body).decode().splitlines()
        assert [line for line in lines if line[0] != "#"] == ["size 1.5"]
        assert fetch(f"{url}/?name[]=size&name[]=calls_total")[1].count(b"\n") == 6
        assert fetch(f"{url}/?name[]=none")[1] == b""
        assert fetch(f"{url}/favicon.ico")[1] == b""
        assert fetch(url, method="OPTIONS")[0]["Allow"] == "OPTIONS,GET"
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(url, method="POST")
        assert (refused.value.code, refused.value.headers["Allow"]) == (405, "OPTIONS,GET")
        refused.value.close()
    assert capfd.readouterr() == ("", "")


@BOTH
def test_a_slow_scrape_holds_up_no_other(client: ModuleType) -> None:
    begun, released = threading.Event(), threading.Event()

    def collect() -> Iterable[Any]:
        if begun.is_set():
            released.set()
        begun.set()
        assert released.wait(30)
        return []

    registry = client.CollectorRegistry()
    registry.register(Odd(collect))
    with started(client, registry) as port:
        first = threading.Thread(target=fetch, args=(f"http://127.0.0.1:{port}/",))
        first.start()
        assert begun.wait(30)
        assert fetch(f"http://127.0.0.1:{port}/")[1] == b""
        first.join()


@BOTH
def test_a_collector_that_fails_is_a_500(client: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    with started(client, failing(client)) as port:
        with pytest.raises(urllib.error.HTTPError) as answer:
            fetch(f"http://127.0.0.1:{port}/")
        assert answer.value.code == 500
        answer.value.close()
    assert "the collector has failed" in capfd.readouterr().err


@BOTH
@pytest.mark.parametrize("kind", [HTTPServer, ThreadingHTTPServer])
def test_handlers(client: ModuleType, kind: type[HTTPServer], capfd: pytest.CaptureFixture[str]) -> None:
    handler = client.exposition.MetricsHandler
    assert handler.registry is client.REGISTRY
    made = handler.factory(registry_of(client))
    assert issubclass(made, handler)
    with kind(("127.0.0.1", 0), made) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        headers, body = fetch(f"{url}?name[]=size", accept_encoding="gzip", accept=OPENMETRICS)
        server.shutdown()
        thread.join()
    assert headers["Content-Type"].startswith(OPENMETRICS)
    assert b"\nsize 1.5\n" in gzip.decompress(body)
    assert capfd.readouterr() == ("", "")


def test_a_handler_keeps_connections_and_says_what_failed(capfd: pytest.CaptureFixture[str]) -> None:
    made = OURS.exposition.MetricsHandler.factory(registry_of(OURS))
    made.protocol_version = "HTTP/1.1"
    with ThreadingHTTPServer(("127.0.0.1", 0), made) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)) as connection:
            for method in ("GET", "HEAD", "GET"):
                connection.request(method, "/")
                answer = connection.getresponse()
                assert len(answer.read()) == (0 if method == "HEAD" else int(answer.headers["Content-Length"]))
            made.registry = failing(OURS)
            connection.request("GET", "/")
            failed = connection.getresponse()
            assert (failed.status, b"A collector failed" in failed.read()) == (500, True)
        server.shutdown()
        thread.join()
    assert "the collector has failed" in capfd.readouterr().err


def test_clients_that_go_away_are_not_worth_a_line(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, certificates: Certificates
) -> None:
    caplog.set_level(logging.INFO)
    with started(OURS, registry_of(OURS), certfile=certificates.server[0], keyfile=certificates.server[1]) as port:
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            plain.settimeout(30)
            plain.recv(1024)
        fetch(f"https://127.0.0.1:{port}/", certificates.trusting())
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@BOTH
@pytest.mark.parametrize("addr", ["localhost", "127.0.0.1", "::1"])
def test_tls(client: ModuleType, addr: str, certificates: Certificates) -> None:
    certfile, keyfile = certificates.server
    with started(client, registry_of(client), addr, certfile=certfile, keyfile=keyfile) as port:
        url = f"https://{f'[{addr}]' if ':' in addr else addr}:{port}/metrics"
        assert b"calls_total 3.0" in fetch(url, certificates.trusting())[1]
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(url, ssl.create_default_context())
        # It goes on after a client that did not like it.
        assert b"calls_total 3.0" in fetch(url, certificates.trusting())[1]


@BOTH_LEAKY
@pytest.mark.parametrize("by", ["client_cafile", "client_capath"])
def test_mutual_tls(client: ModuleType, by: str, certificates: Certificates) -> None:
    certfile, keyfile = certificates.server
    authorities = {by: certificates.authority if by == "client_cafile" else certificates.hashed()}
    settings = {"certfile": certfile, "keyfile": keyfile, "client_auth_required": True, **authorities}
    with started(client, registry_of(client), "localhost", **settings) as port:
        url = f"https://localhost:{port}/metrics"
        assert b"calls_total 3.0" in fetch(url, certificates.trusting(certificates.client))[1]
        for shown in (None, certificates.stranger):
            with pytest.raises(OSError, match=r"(?i)certificate|unknown.ca|reset|closed|EOF"):
                fetch(url, certificates.trusting(shown))


def test_a_refused_client_reads_why(certificates: Certificates) -> None:
    certfile, keyfile = certificates.server
    settings = {"certfile": certfile, "keyfile": keyfile, "client_cafile": certificates.authority}
    with started(OURS, registry_of(OURS), client_auth_required=True, **settings) as port:
        for _ in range(5):
            with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
                fetch(f"https://127.0.0.1:{port}/", certificates.trusting())


@BOTH
@pytest.mark.parametrize(("bound", "other"), [("tls_min_version", "TLSv1_2"), ("tls_max_version", "TLSv1_3")])
def test_versions_of_tls(client: ModuleType, bound: str, other: str, certificates: Certificates) -> None:
    certfile, keyfile = certificates.server
    version = {"TLSv1_2": ssl.TLSVersion.TLSv1_3, "TLSv1_3": ssl.TLSVersion.TLSv1_2}[other]
    with started(client, registry_of(client), certfile=certfile, keyfile=keyfile, **{bound: version}) as port:
        right, wrong = certificates.trusting(), certificates.trusting()
        right.minimum_version = right.maximum_version = version
        wrong.minimum_version = wrong.maximum_version = ssl.TLSVersion[other]
        assert b"calls_total" in fetch(f"https://127.0.0.1:{port}/", right)[1]
        with pytest.raises(urllib.error.URLError):
            fetch(f"https://127.0.0.1:{port}/", wrong)


def test_a_client_that_does_not_shake_hands_holds_up_no_other(certificates: Certificates) -> None:
    certfile, keyfile = certificates.server
    with (
        started(OURS, registry_of(OURS), certfile=certfile, keyfile=keyfile) as port,
        socket.create_connection(("127.0.0.1", port)),
    ):
        assert b"calls_total" in fetch(f"https://127.0.0.1:{port}/", certificates.trusting())[1]


def test_the_key_may_be_in_the_certificates_file(certificates: Certificates) -> None:
    with started(OURS, registry_of(OURS), certfile=certificates.combined()) as port:
        assert b"calls_total" in fetch(f"https://127.0.0.1:{port}/", certificates.trusting())[1]


def test_tls_ends_with_a_farewell(certificates: Certificates) -> None:
    certfile, keyfile = certificates.server
    context = certificates.trusting()
    with started(OURS, registry_of(OURS), certfile=certfile, keyfile=keyfile) as port:
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        strict = context.wrap_socket(connection, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
        with strict:
            strict.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while strict.recv(4096):
                pass


@pytest.mark.parametrize(
    "settings",
    [
        {"keyfile": "k"},
        {"client_cafile": "c"},
        {"client_capath": "c"},
        {"client_auth_required": True},
    ],
)
def test_settings_that_would_be_ignored_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="certfile"):
        OURS.exposition.start_http_server(0, "127.0.0.1", **settings)


@BOTH_LEAKY
def test_files_that_cannot_be_used_are_named(client: ModuleType, certificates: Certificates, tmp_path: Path) -> None:
    certfile, keyfile = certificates.server
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    for settings, error, named in (
        ({"certfile": "missing.pem", "keyfile": keyfile}, FileNotFoundError, "missing.pem"),
        ({"certfile": certfile, "keyfile": "missing.key"}, FileNotFoundError, "missing.key"),
        ({"certfile": str(junk), "keyfile": keyfile}, ssl.SSLError, "junk.pem"),
        ({"certfile": certfile, "keyfile": certificates.client[1]}, ssl.SSLError, "client.key"),
        ({"certfile": certfile, "keyfile": keyfile, "client_cafile": "no.pem"}, FileNotFoundError, "no.pem"),
    ):
        with pytest.raises(error, match=named):
            client.exposition.start_http_server(0, "127.0.0.1", **settings)


def test_a_server_that_cannot_speak_tls_takes_no_port() -> None:
    port = free_port()
    with pytest.raises(FileNotFoundError):
        OURS.exposition.start_http_server(port, "127.0.0.1", certfile="missing.pem")
    with closing(socket.create_server(("127.0.0.1", port))):
        pass


def test_programs_bring_their_own_server() -> None:
    exposition = OURS.exposition
    registry = registry_of(OURS)

    class Handler(exposition._SilentHandler):
        """A handler of the program's own."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked = exposition.parse_qs(environ["QUERY_STRING"])
        status, headers, body = exposition._bake_output(registry, None, None, asked, False)
        start_response(status, headers)
        return [body]

    with exposition.make_server("127.0.0.1", 0, app, exposition.ThreadingWSGIServer, Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        assert b"size" not in fetch(f"http://127.0.0.1:{server.server_port}/?name[]=calls_total")[1]
        server.shutdown()
        thread.join()


def test_the_class_of_servers_can_be_tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OURS.exposition.ThreadingWSGIServer, "request_queue_size", 77)
    server, thread = OURS.exposition.start_http_server(0, "127.0.0.1")
    assert server.request_queue_size == 77
    server.shutdown()
    thread.join()
    server.server_close()
