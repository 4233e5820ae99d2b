"""Routes that the package publishes: stored pages, and what a thread of Python answers in its time."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from child import result_of
from programs import routes
from web import Client, fetch

import toolvitals as tv
from toolvitals import _core

__all__: list[str] = []

PAGE = b"<p>page</p>" * 1000


@pytest.fixture
def endpoints() -> Iterator[tv.Endpoints]:
    with tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as running:
        yield running
    for path in ("/page", "/asked", "/hangs", "/ui/"):
        _core.remove_route(path)


@pytest.fixture
def client(endpoints: tv.Endpoints) -> Iterator[Client]:
    kept = Client(f"http://127.0.0.1:{endpoints.json_port}")
    yield kept
    kept.close()


def test_a_page_is_served_as_it_was_published(endpoints: tv.Endpoints) -> None:
    _core.publish_page(
        "/page", PAGE, content_type="text/html", headers=[("Content-Security-Policy", "default-src 'self'")]
    )
    for port in (endpoints.json_port, endpoints.prometheus_port):
        url = f"http://127.0.0.1:{port}/page"
        answer = fetch(url)
        assert (answer.status_code, answer.content) == (200, PAGE)
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Security-Policy"] == "default-src 'self'"
        held = fetch(url, If_None_Match=answer.headers["ETag"])
        assert (held.status_code, held.content) == (304, b"")
        measured = fetch(url, "HEAD")
        assert (measured.status_code, measured.content) == (200, b"")
        assert measured.headers["Content-Length"] == str(len(PAGE))
        compressed = fetch(url, Accept_Encoding="gzip")
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert compressed.content == PAGE
        assert fetch(url, "POST").status_code == 405


def test_a_route_may_be_of_one_port(endpoints: tv.Endpoints) -> None:
    _core.publish_page("/page", b"page", content_type="text/html", port="json")
    _core.add_delegate("/asked", lambda path, query: (200, "text/plain", b"answer"), deadline_s=60, port="prometheus")
    for port, page, asked in ((endpoints.json_port, 200, 404), (endpoints.prometheus_port, 404, 200)):
        assert fetch(f"http://127.0.0.1:{port}/page").status_code == page
        assert fetch(f"http://127.0.0.1:{port}/asked").status_code == asked


def test_a_port_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="port is 'html', but must be '', 'json' or 'prometheus'"):
        _core.publish_page("/page", b"", content_type="text/plain", port="html")
    with pytest.raises(ValueError, match="port is 'html'"):
        _core.add_delegate("/asked", lambda path, query: (200, "text/plain", b""), deadline_s=1, port="html")


def test_a_page_is_replaced_and_taken_away(client: Client) -> None:
    assert client.ask("/ui/a/b").status_code == 404
    _core.publish_page("/ui/", b"one", content_type="text/plain", prefix=True)
    tag = client.ask("/ui/a/b").headers["ETag"]
    _core.publish_page("/ui/", b"two", content_type="text/plain", prefix=True)
    assert client.ask("/ui/a/b", If_None_Match=tag).content == b"two"
    assert _core.remove_route("/ui/")
    assert not _core.remove_route("/ui/")
    assert client.ask("/ui/a/b").status_code == 404


@pytest.mark.parametrize("path", ["", "ui", "/metrics", "/a b", "/a?b"])
def test_a_path_that_cannot_be_is_named(path: str) -> None:
    with pytest.raises(ValueError, match=f"path '{path}'".replace("?", r"\?")):
        _core.publish_page(path, b"", content_type="text/plain")


@pytest.mark.parametrize("deadline_s", [0.0, -1.0, float("nan"), 3601.0])
def test_a_deadline_that_cannot_be_is_named(deadline_s: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 3600"):
        _core.add_delegate("/asked", lambda path, query: (200, "text/plain", b""), deadline_s=deadline_s)


def test_python_answers_on_a_thread_of_its_own(client: Client) -> None:
    threads = set()

    def answer(path: str, query: str) -> tuple[int, str, bytes]:
        threads.add(threading.get_native_id())
        return 203, "text/plain", f"{path}?{query}".encode()

    _core.add_delegate("/asked", answer, deadline_s=60)
    for number in range(3):
        reply = client.ask(f"/asked?a={number}")
        assert (reply.status_code, reply.headers["Content-Type"]) == (203, "text/plain")
        assert reply.text == f"/asked?a={number}"
    assert len(threads) == 1
    assert threading.get_native_id() not in threads
    assert client.ask("/asked", "HEAD").content == b""
    assert client.ask("/asked").text == "/asked?", "no body came"


@pytest.mark.parametrize(
    "answer",
    [ValueError("asked for"), None, (200, "text/plain"), (99, "text/plain", b""), (200, "a\nb", b""), (200, 1, b"")],
)
def test_a_handler_that_fails_is_said_and_answered(
    client: Client, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)

    def fail(path: str, query: str) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    _core.add_delegate("/asked", fail, deadline_s=60)
    assert client.ask("/asked").status_code == 500
    assert [type(unraisable.object) for unraisable in said] == [type(fail)]
    assert client.ask("/health").status_code == 200


def test_a_handler_that_hangs_holds_up_no_server(endpoints: tv.Endpoints, client: Client) -> None:
    go_on, began = threading.Event(), threading.Event()

    def hang(path: str, query: str) -> tuple[int, str, bytes]:
        began.set()
        go_on.wait()
        return 200, "text/plain", b"too late"

    _core.add_delegate("/hangs", hang, deadline_s=0.05)
    try:
        late = client.ask("/hangs")
        assert late.status_code == 503
        assert int(late.headers["Retry-After"]) > 0
        assert began.wait(60)
        assert fetch(str(endpoints.json_url)).status_code == 200
        assert client.ask("/health").status_code == 200, "the connection goes on"
        _core.add_delegate("/asked", lambda path, query: (200, "text/plain", b""), deadline_s=0.05)
        assert client.ask("/asked").status_code == 503, "there is one thread"
    finally:
        go_on.set()
    _core.add_delegate("/asked", lambda path, query: (200, "text/plain", b"again"), deadline_s=60)
    assert client.ask("/asked").content == b"again"


def test_a_handler_that_was_taken_away_is_let_go(client: Client) -> None:
    class Handler:
        def __call__(self, path: str, query: str) -> tuple[int, str, bytes]:
            return 200, "text/plain", b""

    handler = Handler()
    seen = weakref.ref(handler)
    _core.add_delegate("/asked", handler.__call__, deadline_s=60)
    assert client.ask("/asked").status_code == 200
    del handler
    assert _core.remove_route("/asked")
    # The thread lets go of its last request when it has answered it, and says nothing more; another one is behind that.
    _core.add_delegate("/asked", lambda path, query: (200, "text/plain", b""), deadline_s=60)
    assert client.ask("/asked").status_code == 200
    _core.remove_route("/asked")
    gc.collect()
    assert seen() is None


def test_a_forked_child_answers_by_a_thread_of_its_own() -> None:
    assert result_of(routes.answer_in_parent_and_child) == [True, True, True]
