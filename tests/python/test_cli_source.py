"""cli/_source.py and cli/_http.py: where metrics are read from, and what is said where they cannot be."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from canned import answering, document, folder_reader, segment
from certificates import Certificates

import toolvitals as tv
from toolvitals import _core
from toolvitals.cli._failure import Failure, NotReached
from toolvitals.cli._http import Endpoint
from toolvitals.cli._source import DEFAULT_URL, DirectorySource, EndpointSource, Source, choose
from toolvitals.testing import isolated


def source_of(url: str, token: str = "", timeout_s: float = 20.0) -> EndpointSource:
    return EndpointSource(Endpoint(url, token, timeout_s))


def failure_of(source: Source, exit_code: int = 3) -> str:
    with pytest.raises(Failure) as raised:
        source.read()
    assert raised.value.exit_code == exit_code
    return raised.value.message


def answer_with(body: bytes, status: int = 200, content_type: str = "application/json", **headers: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def failure_with(*arguments: Any, exit_code: int = 3, **headers: Any) -> str:
    with answering(answer_with(*arguments, **headers)) as url:
        return failure_of(source_of(url), exit_code).replace(url, "URL")


@pytest.mark.parametrize("route", ["", "/", "/metrics", "/metrics.json", "/health", "/metrics/"])
def test_an_endpoint_is_read_by_whichever_route_it_is_named(route: str) -> None:
    with isolated() as collector, tv.start(json_port=0) as endpoints:
        collector.record_tool_call("search", latency_ms=1.0)
        base = f"http://127.0.0.1:{endpoints.json_port}"
        source = source_of(base + route)
        assert source.title == base
        reading = source.read()
        assert reading.document["tools"]["search"]["total_calls"] == 1
        assert reading.asked_at <= reading.answered_at
        assert reading.date is not None
        assert abs(reading.date - reading.asked_at) < timedelta(hours=1)
        assert json.loads(source.body("json"))["tools"]["search"]["total_calls"] == 1
        assert b"# TYPE tool_calls_total counter" in source.body("prometheus")
        assert source.body("openmetrics").endswith(b"# EOF\n")


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
    with pytest.raises(Failure, match=said):
        Endpoint(url, "", 1)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(Failure) as raised:
        Endpoint("http://user:secret@example.org", "", 1)
    assert "secret" not in raised.value.message


def test_a_bad_token_is_refused_and_not_repeated() -> None:
    with pytest.raises(Failure) as raised:
        Endpoint("http://example.org", "se\ncret", 1)
    assert "cret" not in raised.value.message


def test_a_token_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with isolated(), tv.start(json_port=0, auth_token="open-sesame") as endpoints:
        assert endpoints.json_url is not None
        assert source_of(endpoints.json_url, "open-sesame").read().document["schema_version"] == 1
        assert "wants a token" in failure_of(source_of(endpoints.json_url), exit_code=2)
        wrong = failure_of(source_of(endpoints.json_url, "abracadabra"), exit_code=2)
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


def test_a_server_that_never_comes_to_an_end_is_given_up() -> None:
    gone = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 65536)
        except OSError:
            gone.set()

    with answering(answer) as url:
        assert "gave no answer within 0.2 s" in failure_of(source_of(url, timeout_s=0.2))
        assert gone.wait(20)


def test_an_answer_that_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolvitals.cli._http._MAX_BODY_BYTES", 1024**2)
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
        assert source_of(url).read().document["schema_version"] == 1
    with answering(answer_with(b"")) as url:
        assert "did not agree on TLS" in failure_of(source_of(url.replace("http:", "https:")))


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    assert "in the middle of its answer" in failure_with(b"{", Content_Length="100")


def test_refusals_are_told_in_the_server_s_words_without_what_a_terminal_would_obey() -> None:
    assert failure_with(b'{"error": "a foreign \\u001b[2JHost"}', 403, exit_code=2) == (
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
        assert source_of(url).read().date == expected


def test_a_folder(tmp_path: Path) -> None:
    foreign = {"name": "notes.txt", "state": "foreign", "pid": None, "created_unix": None, "reason": "no segment"}
    reader = folder_reader(segment(), foreign, retired=3, text=b"# HELP\n")
    source = DirectorySource(str(tmp_path), reader)
    reading = source.read()
    assert reading.document["schema_version"] == 1
    assert reading.segments is not None
    assert [(one.pid, one.state, one.reason) for one in reading.segments] == [
        (4711, "live", None),
        (0, "foreign", "no segment"),
    ]
    assert reading.of_folder
    assert reading.segments[1].created_unix == 0.0
    assert reading.retired_processes == 3
    assert reading.date is None
    assert json.loads(source.body("json")) == reading.document
    assert source.body("prometheus") == b"# HELP\n"
    with pytest.raises(Failure, match="OpenMetrics"):
        source.body("openmetrics")


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    def reader(path: str) -> Any:
        raise PermissionError(13, "Permission denied", path)

    assert "cannot be read: " in failure_of(DirectorySource(str(tmp_path), reader))
    with pytest.raises(NotReached, match=rf"^{tmp_path}/none is not there: --dir"):
        DirectorySource(str(tmp_path / "none"), reader)
    with pytest.raises(NotReached, match=rf"^{tmp_path}/none/m is not there, and neither is {tmp_path}/none: --dir"):
        DirectorySource(str(tmp_path / "none" / "m"), reader)
    (tmp_path / "file").touch()
    with pytest.raises(NotReached, match="is not there"):
        DirectorySource(str(tmp_path / "file" / "m"), reader)
    with pytest.raises(NotReached, match="cannot be looked at: File name too long"):
        DirectorySource(str(tmp_path / ("m" * 256)), reader)
    with pytest.raises(Failure, match="is no folder") as raised:
        DirectorySource(str(tmp_path / "file"), reader)
    assert raised.value.exit_code == 2


def test_what_the_options_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolvitals.cli._source._core_reader", folder_reader)
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


def test_the_token_of_the_option_wins_over_the_environment() -> None:
    with isolated(), tv.start(json_port=0, auth_token="right") as endpoints:
        choose(endpoints.json_url, None, None, None, {"METRICS_AUTH_TOKEN": "right"}).read()
        choose(endpoints.json_url, None, "right", None, {"METRICS_AUTH_TOKEN": "wrong"}).read()
        with pytest.raises(Failure):
            choose(endpoints.json_url, None, "wrong", None, {"METRICS_AUTH_TOKEN": "right"}).read()


def test_the_core_s_reader_is_taken_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_core, "read_directory", folder_reader(segment()), raising=False)
    (found,) = DirectorySource(str(tmp_path)).read().segments or ()
    assert found.pid == 4711
    monkeypatch.delattr(_core, "read_directory")
    with pytest.raises(Failure, match="cannot read folders"):
        DirectorySource(str(tmp_path))


def test_a_connection_that_is_cut_off() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    with answering(answer) as url:
        assert failure_of(source_of(url)) == f"{url} was not reached ([Errno 104] Connection reset by peer)"
