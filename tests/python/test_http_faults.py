"""What clients of all kinds send to the endpoints, byte by byte, and what becomes of it."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import re
import socket
from collections.abc import Iterator
from typing import NamedTuple

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolvitals as tv

PATIENCE_SECONDS = 60
NEXT = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Second: 1\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    for number in range(20):  # so that there is something to compress
        tv.get_collector().record_tool_call(f"tool{number}", success=True, latency_ms=1)
    with tv.start(json_port=0) as endpoints:
        assert endpoints.json_port is not None
        yield endpoints.json_port


def exchange(port: int, sent: bytes) -> bytes:
    """All that a connection gives to a client that sends this and no more."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as client:
        with contextlib.suppress(OSError):  # the server may have closed
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := client.recv(65536):
                received += chunk
    return received


def statuses(port: int, sent: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", exchange(port, sent))]


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def answers(port: int, sent: bytes) -> list[Answer]:
    """The answers to requests that are no HEAD."""
    received = exchange(port, sent)
    stream = io.BytesIO(received)
    found = []
    while stream.tell() < len(received):
        status = int(stream.readline().split()[1])
        headers = http.client.parse_headers(stream)
        found.append(Answer(status, headers, stream.read(int(headers["Content-Length"]))))
    return found


def get(target: bytes = b"/health", *fields: bytes, version: bytes = b"HTTP/1.1", host: bytes = b"localhost") -> bytes:
    return b"\r\n".join([b"GET " + target + b" " + version, b"Host: " + host, *fields, b"", b""])


def test_an_ordinary_request(port: int) -> None:
    assert statuses(port, get() + NEXT) == [200, 200]
    assert statuses(port, get(b"/metrics") + NEXT) == [200, 200]


SMUGGLING = {
    "CL and TE": get(b"/health", b"Content-Length: 4", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "TE and CL": get(b"/health", b"Transfer-Encoding: chunked", b"Content-Length: 4") + b"0\r\n\r\n",
    "two CL": get(b"/health", b"Content-Length: 0", b"Content-Length: 7"),
    "equal CL": get(b"/health", b"Content-Length: 0", b"Content-Length: 0"),
    "list of CL": get(b"/health", b"Content-Length: 0, 0"),
    "signed CL": get(b"/health", b"Content-Length: +0"),
    "hidden TE": get(b"/health", b"Transfer-Encoding: xchunked"),
    "two TE": get(b"/health", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    "TE of HTTP/1.0": get(b"/health", b"Transfer-Encoding: chunked", version=b"HTTP/1.0"),
    "space before the colon": get(b"/health", b"Content-Length : 0"),
    "obs-fold": get(b"/health", b"X: a", b" b"),
    "obs-fold by a tab": get(b"/health", b"X: a", b"\tb"),
    "bare LF between lines": get().replace(b"\r\n", b"\n"),
    "bare LF in a value": get(b"/health", b"X: a\nContent-Length: 7"),
    "bare CR": get(b"/health", b"X: a\rb"),
    "NUL": get(b"/health", b"X: a\0b"),
    "control character": get(b"/health", b"X: a\x01b"),
    "DEL": get(b"/health", b"X: a\x7fb"),
    "vertical tab": get(b"/health", b"X:\x0ba"),
    "two hosts": get(b"/health", b"Host: localhost"),
    "two Content-Types": get(b"/health", b"Content-Type: text/plain", b"content-type: text/plain"),
    "two Authorizations": get(b"/health", b"Authorization: Bearer a", b"Authorization: Bearer b"),
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "host that is none": get(host=b"local host"),
    "no name": get(b"/health", b": a"),
    "no colon": get(b"/health", b"X"),
    "two spaces": get(b" /health"),
    "line before": b"\r\n" + get(),
    "space before": b" " + get(),
    "HTTP/0.9": b"GET /health\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(200),
    "user in the target": get(b"http://localhost@evil.example/health"),
    "target without a host": get(b"http:///health"),
}


@pytest.mark.parametrize("sent", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_what_servers_may_read_differently_is_refused(port: int, sent: bytes) -> None:
    (answer,) = answers(port, sent + NEXT)
    assert answer.status == 400
    assert answer.headers["Connection"] == "close"
    assert json.loads(answer.body)["error"]


@pytest.mark.parametrize("field", [b"X: " + b"x" * 65536, b"X" * 65536 + b": x", b"\r\n".join([b"A: b"] * 10_000)])
def test_heads_of_64_kib_and_many_fields(port: int, field: bytes) -> None:
    assert statuses(port, get(b"/health", field) + NEXT) == [431]
    assert statuses(port, get(b"/" + b"x" * 65536) + NEXT) == [431]


def test_methods_and_versions(port: int) -> None:
    for method in (
        b"POST",
        b"PUT",
        b"DELETE",
        b"OPTIONS",
        b"TRACE",
        b"PATCH",
        b"CONNECT",
        b"get",
        b"PROPFIND",
        b"X" * 99,
    ):
        (answer,) = answers(port, get().replace(b"GET", method) + NEXT)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), method
    for method in (b"GE(T", b"G\0T", b"G\xc3\xa4T", b"", b"GET\t"):
        assert statuses(port, get().replace(b"GET", method) + NEXT) == [400], method
    for version in (b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/3.0", b"HTTP/9.9"):
        assert statuses(port, get(version=version) + NEXT) == [505], version
    for version in (b"HTTP/1", b"HTTP/1.10", b"http/1.1", b"HTTP/x.y", b"HTTPS/1.1", b"ICY/1.1"):
        assert set(statuses(port, get(version=version) + NEXT)) <= {400, 505}, version


@pytest.mark.parametrize(
    "target",
    [b"/../../etc/passwd", b"/metrics/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/metrics%00",
     b"/metrics%00.json", b"/%6detrics", b"//metrics", b"/./metrics", b"/metrics/", b"/metrics;x", b"\\metrics",
     b"*", b"metrics", b"https://localhost/metrics", b"ftp://localhost/metrics", b"http://localhost/../etc/passwd",
     b"file:///etc/passwd"],
)  # fmt: skip
def test_only_the_routes_are_there(port: int, target: bytes) -> None:
    assert statuses(port, get(target) + NEXT) == [404, 200]


def test_absolute_form(port: int) -> None:
    own = f"127.0.0.1:{port}".encode()
    for target, host in (
        (b"http://" + own + b"/health", own),
        (b"http://localhost/health?x", b"localhost"),
        (b"HTTP://[::1]/health", b"[::1]"),
        # RFC 9112, 3.2.2: the Host is ignored.
        (b"http://localhost/health", b"evil.example"),
    ):
        assert statuses(port, get(target, host=host) + NEXT) == [200, 200], target
    assert statuses(port, get(b"http://evil.example/health")) == [403]
    assert statuses(port, get(b"http://evil.example/health", host=b"evil.example")) == [403]
    assert statuses(port, b"GET http://localhost/health HTTP/1.1\r\n\r\n") == [400]


def test_foreign_hosts_and_origins(port: int) -> None:
    for host in (b"evil.example", b"localhost.evil.example", b"127.0.0.1.evil.example", b"0.0.0.0", b"10.0.0.1", b""):
        assert statuses(port, get(host=host) + NEXT) == [403], host
    for origin in (b"http://evil.example", b"null", b"http://localhost.evil.example", b"", b"http://localhost/"):
        assert statuses(port, get(b"/health", b"Origin: " + origin) + NEXT) == [403], origin
    assert statuses(port, get(b"/health", b"Origin: http://localhost:3000") + NEXT) == [200, 200]


@pytest.mark.parametrize(
    "accept",
    [b"", b"application/json;q=0", b"*/*;q=0", b"text/plain;q=0, application/json;q=0, */*;q=0", b",,,,", b";;;",
     b"q=1", b"\"", b"\xff\xfe/\x80", b"a/b;q=nan", b"a/b;q=1e999", b"a/b;q=-1", b"*", b"," * 10_000,
     b"a/b;q=0.1," * 1000],
)  # fmt: skip
def test_accept_that_helps_nobody_falls_back(port: int, accept: bytes) -> None:
    first, second = answers(port, get(b"/metrics", b"Accept: " + accept) + NEXT)
    assert (first.status, second.status) == (200, 200)
    assert first.headers["Content-Type"] == "application/json"
    assert json.loads(first.body)["schema_version"] == 1


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [(b"gzip", "gzip"), (b"gzip;q=0", None), (b"*;q=0", None), (b"identity;q=0, gzip;q=0", None), (b"*", "gzip"),
     (b"gzip;q=0, *;q=1", None), (b"br, deflate", None), (b";;,,=", None), (b"," * 10_000, None), (b"gzip;q=2", None),
     (b"x," * 1000 + b"gzip", None), (b"\xff, gzip", "gzip"), (b"", None)],
)  # fmt: skip
def test_accept_encoding(port: int, encoding: bytes, expected: str | None) -> None:
    first, second = answers(port, get(b"/metrics", b"Accept-Encoding: " + encoding) + NEXT)
    assert (first.status, second.status) == (200, 200)
    assert first.headers["Content-Encoding"] == expected


def test_ten_thousand_items_are_too_many_bytes(port: int) -> None:
    for name in (b"Accept: ", b"Accept-Encoding: "):
        assert statuses(port, get(b"/metrics", name + b"gzip;q=0.5," * 10_000) + NEXT) == [431]


def test_clients_that_wait_hold_nobody_up(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(200):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS))
            client.sendall(get(b"/metrics")[: number % 40])
        assert statuses(port, get(b"/metrics")) == [200]


PIECES = [
    b"GET ", b"HEAD ", b"POST ", b"/health", b"/metrics", b"http://localhost", b"http://evil", b"@", b" HTTP/1.1",
    b" HTTP/1.0", b" HTTP/2.0", b"\r\n", b"\n", b"\r", b"Host: localhost", b"Host:evil", b"Content-Length: 0",
    b"Content-Length: 5", b"Transfer-Encoding: chunked", b"X: a", b" ",
    b"\t", b":", b"\0", b"\x7f", b"\x80", b"0\r\n\r\n", b"?", b"%00",
]  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Two requests, some pieces of which were exchanged, doubled, left out or put in between."""
    pieces = [b"GET ", b"/health", b" HTTP/1.1", b"\r\n", b"Host: localhost", b"\r\n", b"X: a", b"\r\n", b"\r\n"] * 2
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(pieces) - 1))
        pieces[at : at + draw(st.integers(0, 1))] = draw(st.lists(st.sampled_from(PIECES), max_size=2))
        if not pieces:
            break
    return b"".join(pieces)


def read_by_h11(sent: bytes) -> int:
    """How many requests another implementation finds in the bytes, one after the other, before what is none."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(sent)
    count = 0
    with contextlib.suppress(h11.RemoteProtocolError):
        while isinstance(connection.next_event(), h11.Request):
            count += 1
            if not isinstance(connection.next_event(), h11.EndOfMessage):
                break
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                break
            connection.start_next_cycle()
    return count


@settings(max_examples=200)
@given(sent=requests())
def test_no_request_is_served_that_another_implementation_does_not_see(port: int, sent: bytes) -> None:
    served = statuses(port, sent)
    assert served.count(200) <= read_by_h11(sent), served


def test_the_other_implementation_is_heard() -> None:
    assert read_by_h11(NEXT + NEXT) == 2
    assert read_by_h11(NEXT + b"oops\r\n\r\n") == 1
    assert read_by_h11(get(b"/health", b"Host: localhost")) == 0
