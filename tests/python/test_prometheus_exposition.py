"""Handing scrapes out: negotiation, files, and applications under real servers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import stat
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from web import fetch

from toolvitals.prometheus import CollectorRegistry, exposition
from toolvitals.prometheus.aiohttp import make_aiohttp_handler
from toolvitals.prometheus.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from toolvitals.prometheus.openmetrics.parser import text_string_to_metric_families
from toolvitals.prometheus.registry import Collector
from toolvitals.prometheus.samples import Exemplar

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PLAIN = exposition.CONTENT_TYPE_PLAIN_0_0_4
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Fixed:
    """A collector of one counter and one gauge."""

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily("calls", "Calls.", 3)
        yield GaugeMetricFamily("größe", "Size.", 1.5)


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(Fixed())
    return registry


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, PLAIN),
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/plain", PLAIN),
        ("text/html, image/png", PLAIN),
        (PROMETHEUS_3, f"{OPENMETRICS}; escaping=allow-utf-8"),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; escaping=allow-utf-8", OPENMETRICS),
        ("application/openmetrics-text; version=0.0.1", PLAIN),
        ("application/openmetrics-text; version=1.0.0; q=0", PLAIN),
        ("application/openmetrics-text; version=1.0.0; q=0.2, text/plain; q=0.9", PLAIN),
        ("text/plain; q=0.2, application/openmetrics-text; version=1.0.0", f"{OPENMETRICS}; escaping=underscores"),
        ('text/plain; version="1.0.0"; escaping=dots', "text/plain; version=1.0.0; charset=utf-8; escaping=dots"),
        ("text/plain; version=1.0.0; escaping=odd", "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"),
        ("application/openmetrics-text; version=1.0.0; q=nonsense", PLAIN),
        ("," * 100_000 + "application/openmetrics-text", PLAIN),
    ],
)
def test_the_format_is_what_was_asked_for(accept: str | None, content_type: str, registry: CollectorRegistry) -> None:
    encoder, found = exposition.choose_encoder(accept)
    assert found == content_type
    text = encoder(registry).decode()
    assert text.endswith("# EOF\n") == found.startswith("application/openmetrics-text")
    assert ("größe" in text) == found.endswith("allow-utf-8")


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("*", True),
        ("*, gzip;q=0", False),
    ],
)
def test_gzip_is_used_where_it_is_accepted(header: str | None, accepted: bool) -> None:
    assert exposition.gzip_accepted(header) == accepted


def test_a_family_that_cannot_be_written_is_named() -> None:
    family = GaugeMetricFamily("bad", "", "nan or what")  # type: ignore[arg-type]
    registry = CollectorRegistry()
    registry.register(type("Bad", (), {"collect": lambda self: [family]})())
    with pytest.raises(ValueError, match="nan or what") as caught:
        exposition.generate_latest(registry)
    assert caught.value.args[-1] is family


def test_exemplars_stand_only_where_they_may() -> None:
    from toolvitals.prometheus.openmetrics.exposition import generate_latest

    family = GaugeMetricFamily("a", "")
    family.add_sample("a", {}, 1, exemplar=Exemplar({}, 1))
    registry = CollectorRegistry()
    registry.register(type("Odd", (), {"collect": lambda self: [family]})())
    with pytest.raises(ValueError, match="exemplars"):
        generate_latest(registry)


def test_a_file_is_replaced_whole(tmp_path: Path, registry: CollectorRegistry) -> None:
    path = tmp_path / "metrics.prom"
    path.write_text("old")
    mask = os.umask(0o022)
    try:
        exposition.write_to_textfile(str(path), registry)
    finally:
        os.umask(mask)
    assert "calls_total 3.0" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.prom"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, registry: CollectorRegistry) -> None:
    path = tmp_path / "metrics.prom"
    path.mkdir()
    with pytest.raises(OSError, match=r"metrics\.prom"):
        exposition.write_to_textfile(str(path), registry)
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.prom"]


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def wsgi_url(registry: CollectorRegistry) -> Iterator[str]:
    """The application under wsgiref's server, with wsgiref's validator in between."""
    server = make_server("127.0.0.1", 0, validator(exposition.make_wsgi_app(registry)), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_wsgi(wsgi_url: str) -> None:
    answer = fetch(f"{wsgi_url}/metrics")
    assert answer.headers["Content-Type"] == PLAIN
    assert b"calls_total 3.0" in answer.content
    answer = fetch(f"{wsgi_url}/?name[]=calls_total&x=y", Accept=PROMETHEUS_3, Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    text = answer.text
    assert [metric.name for metric in text_string_to_metric_families(text)] == ["calls"]
    assert httpx.get(f"{wsgi_url}/favicon.ico").content == b""
    assert httpx.options(wsgi_url).headers["Allow"] == "OPTIONS,GET"
    refused = httpx.post(wsgi_url)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "OPTIONS,GET")


async def test_asgi(registry: CollectorRegistry) -> None:
    transport = httpx.ASGITransport(app=exposition.make_asgi_app(registry))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/metrics", params={"name[]": "calls_total"}, headers={"Accept": PROMETHEUS_3})
        assert answer.headers["Content-Type"] == f"{OPENMETRICS}; escaping=allow-utf-8"
        assert answer.headers["Content-Encoding"] == "gzip"
        assert [metric.name for metric in text_string_to_metric_families(answer.text)] == ["calls"]
        assert (await client.post("/")).status_code == 405


class Tasks:
    """A collector of what only the event loop's own thread can tell."""

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("asyncio_tasks", "Tasks.", len(asyncio.all_tasks()))


@contextlib.asynccontextmanager
async def full_executor() -> AsyncIterator[None]:
    """The loop's executor has one thread, which is taken."""
    loop = asyncio.get_running_loop()
    executor = concurrent.futures.ThreadPoolExecutor(1)
    loop.set_default_executor(executor)
    released = threading.Event()
    waiting = loop.run_in_executor(None, released.wait, 30)
    try:
        yield
    finally:
        released.set()
        await waiting


async def test_asgi_evaluates_on_the_loop_and_without_the_executor() -> None:
    async with full_executor():
        transport = httpx.ASGITransport(app=exposition.make_asgi_app(registry_of(Tasks())))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await asyncio.wait_for(client.get("/"), 20)
    assert "\nasyncio_tasks " in answer.text


async def test_aiohttp_evaluates_on_the_loop_and_without_the_executor() -> None:
    handler = make_aiohttp_handler(registry_of(Tasks()))
    async with full_executor():
        answer = await asyncio.wait_for(handler(make_mocked_request("GET", "/metrics")), 20)
    assert isinstance(answer, web.Response)
    assert b"\nasyncio_tasks " in (answer.body or b"")


def registry_of(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


async def test_asgi_refuses_other_protocols(registry: CollectorRegistry) -> None:
    async def unused(*arguments: object) -> None:
        raise AssertionError("nothing is received or sent")

    with pytest.raises(ValueError, match="websocket"):
        await exposition.make_asgi_app(registry)({"type": "websocket"}, unused, unused)
