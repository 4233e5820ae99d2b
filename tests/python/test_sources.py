"""sources/: what is said where metrics cannot be read; and cli/_source.py, which chooses."""

from __future__ import annotations

import json
import math
import socket
import ssl
import struct
import threading
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from canned import FolderCore, answering, document, segment
from certificates import Certificates

import toolvitals as tv
from toolvitals import _core
from toolvitals.cli._failure import Failure
from toolvitals.cli._source import DEFAULT_URL, choose
from toolvitals.sources import Directory, Endpoint, NotAllowedError, NotReachedError, Source, SourceError
from toolvitals.testing import isolated


def source_of(url: str, token: str = "", timeout_s: float = 20.0) -> Endpoint:
    return Endpoint(url, token, timeout_s)


def failure_of(source: Source, kind: type[SourceError] = NotReachedError) -> str:
    with pytest.raises(kind) as raised:
        source.read()
    return str(raised.value)


def answer_with(body: bytes, status: int = 200, content_type: str = "application/json", **headers: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def failure_with(*arguments: Any, kind: type[SourceError] = NotReachedError, **headers: Any) -> str:
    with answering(answer_with(*arguments, **headers)) as url:
        return failure_of(source_of(url), kind).replace(url, "URL")


@pytest.mark.parametrize("route", ["", "/", "/metrics", "/metrics.json", "/health", "/metrics/"])
def test_an_endpoint_is_read_by_whichever_route_it_is_named(route: str) -> None:
    with isolated() as collector, tv.start(json_port=0) as endpoints:
        collector.record_tool_call("search", latency_ms=1.0)
        base = f"http://127.0.0.1:{endpoints.json_port}"
        source = source_of(base + route)
        assert source.title == base
        seen = source.observe()
        assert seen.snapshot.tools["search"].total_calls == 1
        assert seen.asked_at <= seen.answered_at
        assert seen.date is not None
        assert abs(seen.date - seen.asked_at) < timedelta(hours=1)
        assert json.loads(source.render("json"))["tools"]["search"]["total_calls"] == 1
        assert b"# TYPE tool_calls_total counter" in source.render("prometheus")
        assert source.render("openmetrics").endswith(b"# EOF\n")
        assert source.render("openmetrics", ["nothing"]) == b"# EOF\n"
        assert b"# TYPE tool_calls_total counter" not in source.render("prometheus", ["cache_requests_total"])
        with pytest.raises(ValueError, match="format 'yaml' must be one of json, prometheus"):
            source.render("yaml")  # type: ignore[arg-type]


def test_a_host_and_port_are_enough() -> None:
    assert Endpoint("127.0.0.1:9109", "", 1).url == "http://127.0.0.1:9109"
    assert Endpoint("[::1]:9109/metrics", "", 1).url == "http://[::1]:9109"
    assert Endpoint("https://example.org/behind/proxy/metrics", "", 1).url == "https://example.org/behind/proxy"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must be http"),
        ("ftp://example.org", "must be http"),
        ("http://", "must be http"),
        ("http://example.org:70000", "port"),
        ("http://example.org:x", "port"),
        ("http://example.org/?name=1", "without a query"),
        ("http://example.org/#part", "without a query"),
        ("http://exämple.org", "ASCII"),
        ("http://[::1", "host or a port"),
        ("http://example.org/a b", "ASCII"),
    ],
)
def test_a_bad_url_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Endpoint(url, "", 1)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="no password") as raised:
        Endpoint("http://user:secret@example.org", "", 1)
    assert "secret" not in str(raised.value)


def test_a_bad_token_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="visible ASCII") as raised:
        Endpoint("http://example.org", "se\ncret", 1)
    assert "cret" not in str(raised.value)


def test_a_token_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with isolated(), tv.start(json_port=0, auth_token="open-sesame") as endpoints:
        assert endpoints.json_url is not None
        assert source_of(endpoints.json_url, "open-sesame").read().own.version == tv.__version__
        assert "wants a token" in failure_of(source_of(endpoints.json_url), NotAllowedError)
        wrong = failure_of(source_of(endpoints.json_url, "abracadabra"), NotAllowedError)
        assert "another token" in wrong
        assert "abracadabra" not in wrong


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with isolated(), tv.start(json_port=0) as endpoints:
        assert endpoints.json_url is not None
        source_of(endpoints.json_url).read()


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_nobody_listens() -> None:
    assert "nothing listens at" in failure_of(source_of(f"http://127.0.0.1:{unused_port()}"))


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert failure_of(source_of(url, timeout_s=0.1)) == f"{url} gave no answer within 0.1 s"


STATUS = b"HTTP/1.1 200 OK\r\n"
HEADERS = STATUS + b"Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"", b"H"),
        (STATUS, b"X-A: b\r\n"),
        (STATUS + b"X-A: ", b"a"),
        (HEADERS + b"\r\n", b" " * 65536),
        (HEADERS + b"\r\n", b" "),
        (HEADERS + b"Content-Length: 1000000\r\n\r\n", b" "),
        (HEADERS + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 1000000\r\n\r\n", b" "),
    ],
)
def test_a_server_that_never_comes_to_an_end_is_given_up(beginning: bytes, piece: bytes) -> None:
    gone = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(beginning)
        try:
            # Each piece is there long before a timeout for one step would be over.
            while not gone.wait(0 if len(piece) > 100 else 0.02):
                handler.wfile.write(piece)
        except OSError:
            gone.set()

    with answering(answer) as url:
        said = failure_of(source_of(url, timeout_s=0.2))
        assert gone.wait(20)
    assert ("status 500 (No)" if b" 500 " in beginning else "gave no answer within 0.2 s") in said


@pytest.mark.parametrize("timeout_s", [0, -1, 86_400.1, 1e300, math.inf, math.nan, None, "1", True])
def test_a_timeout_has_a_range(timeout_s: Any) -> None:
    with pytest.raises(ValueError, match=r"timeout_s=.* is not allowed: it must be a number of seconds above 0 and at"):
        Endpoint("http://example.org", timeout_s=timeout_s)
    Endpoint("http://example.org", timeout_s=86_400)


def test_every_address_of_a_host_is_tried_within_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = socket.create_server(("127.0.0.1", 0), backlog=0)
    with isolated(), tv.start(json_port=0) as endpoints, deaf, ExitStack() as kept:
        # A listener whose queue is full answers nobody.
        for _ in range(3):
            client = kept.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(deaf.getsockname())
        addresses = [deaf.getsockname(), ("127.0.0.1", endpoints.json_port)]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
        assert source_of("http://localhost", timeout_s=2).read().own.version == tv.__version__
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found[:1] * 3)
        assert "gave no answer within 0.2 s" in failure_of(source_of("http://localhost", timeout_s=0.2))


def test_an_answer_that_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolvitals.sources._http._MAX_BODY_BYTES", 1024**2)
    body = json.dumps(document()).encode()
    assert failure_with(body + b" " * 1024**2) == "URL answered with more than 1 MiB"
    with answering(answer_with(body.ljust(1024**2))) as url:
        source_of(url).read()


def test_what_answers_is_something_else() -> None:
    assert failure_with(b"<html>", content_type="text/html") == (
        "URL answered with text/html instead of application/json: is it an endpoint of toolvitals?"
    )
    assert "no JSON" in failure_with(b"<html>")
    assert "no JSON" in failure_with(b"[" * 100_000)
    assert "no JSON" in failure_with(b"\xff")
    assert "not toolvitals'" in failure_with(b"[]")
    assert "not toolvitals'" in failure_with(b"{}")
    assert "not toolvitals'" in failure_with(b'{"schema_version": "1"}')
    assert "schema 2" in failure_with(json.dumps(document(schema_version=2)).encode())
    assert "incomplete" in failure_with(b'{"schema_version": 1}')
    assert "incomplete" in failure_with(json.dumps(document(tools={"search": 1})).encode())
    for taken in (None, "", "yesterday", "2026-01-31T12:00:00", "Z"):
        assert "incomplete" in failure_with(json.dumps(document(timestamp=taken)).encode())


def test_what_answers_speaks_no_http() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    with answering(answer) as url:
        assert failure_of(source_of(url)) == f"{url} answered with what is no HTTP (BadStatusLine)"


def test_tls_is_checked_against_the_authorities_that_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = Certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates.server)
    with answering(answer_with(json.dumps(document()).encode()), context) as url:
        assert failure_of(source_of(url)) == f"{url} did not agree on TLS (CERTIFICATE_VERIFY_FAILED)"
        monkeypatch.setenv("SSL_CERT_FILE", certificates.authority)
        assert source_of(url).read().own.version == "0.1.0"
    with answering(answer_with(b"")) as url:
        assert "did not agree on TLS" in failure_of(source_of(url.replace("http:", "https:")))


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    assert "in the middle of its answer" in failure_with(b"{", Content_Length="100")


def test_refusals_are_told_in_the_server_s_words_without_what_a_terminal_would_obey() -> None:
    assert failure_with(b'{"error": "a foreign \\u001b[2JHost"}', 403, kind=NotAllowedError) == (
        "URL answered with status 403 (a foreign \\x1b[2JHost)"
    )
    assert failure_with(b"<html>", 503) == "URL answered with status 503 (Service Unavailable)"
    assert failure_with(b"", 404) == "URL has no /metrics.json: is it an endpoint of toolvitals?"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    asked: list[str] = []
    with answering(lambda handler: asked.append(handler.path)) as elsewhere:
        said = failure_with(b"", status, Location=f"{elsewhere}/other")
    assert said == f"URL answered with status {status} (redirect to {elsewhere}/other)"
    assert not asked


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Sat, 31 Jan 2026 12:00:00 GMT", datetime(2026, 1, 31, 12, tzinfo=timezone.utc)),
        ("Sat, 31 Jan 2026 12:00:00 -0000", datetime(2026, 1, 31, 12, tzinfo=timezone.utc)),
        ("yesterday", None),
    ],
)
def test_the_server_s_clock_is_taken_from_its_header(header: str, expected: datetime | None) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(200)
        handler.send_header("Date", header)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(json.dumps(document()).encode())

    with answering(answer) as url:
        assert source_of(url).observe().date == expected


def read_by(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolvitals.sources._directory._core", lambda: core)


def test_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {"name": "notes.txt", "state": "foreign", "pid": None, "created_unix": None, "reason": "no segment"}
    read_by(FolderCore(segment(), foreign, retired=3, text=b"# HELP\n"), monkeypatch)
    source = Directory(str(tmp_path))
    seen = source.observe()
    assert seen.segments is not None
    assert [(one.pid, one.state, one.reason) for one in seen.segments] == [
        (4711, "live", None),
        (0, "foreign", "no segment"),
    ]
    assert seen.of_directory
    assert seen.segments[1].created_unix == 0.0
    assert seen.snapshot.own.retired_processes == 3
    assert seen.date is None
    assert source.render("openmetrics") == b"# HELP\n"
    with pytest.raises(ValueError, match="format 'yaml' must be one of json, prometheus"):
        source.render("yaml")  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused(FolderCore):
        def read_directory(self, path: str) -> Any:
            raise PermissionError(13, "Permission denied", path)

    read_by(Refused(), monkeypatch)
    assert "cannot be read: " in failure_of(Directory(str(tmp_path)))
    with pytest.raises(NotReachedError, match=rf"^{tmp_path}/none is not there: it must be"):
        Directory(tmp_path / "none")
    with pytest.raises(
        NotReachedError, match=rf"^{tmp_path}/none/m is not there, and neither is {tmp_path}/none: it must"
    ):
        Directory(tmp_path / "none" / "m")
    (tmp_path / "file").touch()
    with pytest.raises(NotReachedError, match="is not there"):
        Directory(tmp_path / "file" / "m")
    with pytest.raises(NotReachedError, match="cannot be looked at: File name too long"):
        Directory(tmp_path / ("m" * 256))
    with pytest.raises(ValueError, match="is no folder"):
        Directory(tmp_path / "file")


def test_what_the_options_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by(FolderCore(), monkeypatch)
    folder = {"TOOLVITALS_DIR": str(tmp_path)}
    assert choose(None, None, None, None, {}).title == DEFAULT_URL
    assert choose(None, None, None, None, {"TOOLVITALS_DIR": ""}).title == DEFAULT_URL
    assert choose(None, None, None, None, {"METRICS_JSON_PORT": "9200"}).title == "http://127.0.0.1:9200"
    for unknown in ("0", "oops"):
        assert choose(None, None, None, None, {"METRICS_JSON_PORT": unknown}).title == DEFAULT_URL
    assert choose(None, None, None, None, folder).title == str(tmp_path)
    assert choose("http://example.org", None, "token", 1, folder).title == "http://example.org"
    assert choose(None, str(tmp_path), None, None, {"METRICS_AUTH_TOKEN": "token"}).title == str(tmp_path)
    with pytest.raises(Failure, match="two sources"):
        choose("http://example.org", str(tmp_path), None, None, {})
    with pytest.raises(Failure, match="--token is for endpoints"):
        choose(None, None, "token", None, folder)
    with pytest.raises(Failure, match="--timeout is for endpoints"):
        choose(None, str(tmp_path), None, 1, {})
    (tmp_path / "file").touch()
    for options, code in (
        ({"url": "ftp://example.org", "directory": None}, 2),
        ({"url": None, "directory": str(tmp_path / "file")}, 2),
        ({"url": None, "directory": str(tmp_path / "none")}, 3),
    ):
        with pytest.raises(Failure) as raised:
            choose(**options, token=None, timeout_s=None, environ={})
        assert raised.value.exit_code == code


def test_the_token_of_the_option_wins_over_the_environment() -> None:
    with isolated(), tv.start(json_port=0, auth_token="right") as endpoints:
        choose(endpoints.json_url, None, None, None, {"METRICS_AUTH_TOKEN": "right"}).read()
        choose(endpoints.json_url, None, "right", None, {"METRICS_AUTH_TOKEN": "wrong"}).read()
        with pytest.raises(NotAllowedError):
            choose(endpoints.json_url, None, "wrong", None, {"METRICS_AUTH_TOKEN": "right"}).read()


def test_an_installation_without_a_core_reads_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_core, "read_directory")
    with pytest.raises(SourceError, match="cannot read folders"):
        Directory(tmp_path)


def test_a_connection_that_is_cut_off() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    with answering(answer) as url:
        assert failure_of(source_of(url)) == f"{url} was not reached ([Errno 104] Connection reset by peer)"
