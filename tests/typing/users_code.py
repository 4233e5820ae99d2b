"""Code as users write it, for type checkers; nothing here runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import cachetools
from typing_extensions import assert_type

import toolvitals as tv
from toolvitals import periodic
from toolvitals.snapshot import Delta, Snapshot
from toolvitals.sources import Endpoint, ThisProcess
from toolvitals.sources import Source as MetricsSource


@tv.tool
def plain(query: str, *, limit: int = 10) -> list[str]:
    return [query] * limit


@tv.tool()
def called(x: int) -> int:
    return x


@tv.tool("positional")
async def coroutine(url: str) -> bytes:
    return url.encode()


@tv.tool(name="keyword")
def generator(n: int) -> Iterator[int]:
    yield n


@tv.tool
async def async_generator(n: int) -> AsyncIterator[int]:
    yield n


class Tools:
    @tv.tool
    def method(self, x: int) -> str:
        return str(x)

    @staticmethod
    @tv.tool("static")
    def static(x: int) -> str:
        return str(x)

    @classmethod
    @tv.tool
    def klass(cls, x: int) -> str:
        return str(x)

    @tv.cached("method")
    def kept(self, x: int) -> str:
        return str(x)


@tv.cached("files", maxsize=1024, ttl_s=60)
def read(path: str) -> bytes:
    return path.encode()


@tv.cached("pages")
async def page(url: str) -> bytes:
    return url.encode()


function: Callable[[int], int] = called
assert_type(plain("a", limit=3), list[str])
assert_type(called(1), int)
assert_type(generator(1), Iterator[int])
assert_type(async_generator(1), AsyncIterator[int])
assert_type(Tools().method(1), str)
assert_type(Tools.static(1), str)
assert_type(Tools.klass(1), str)
assert_type(Tools().kept(1), str)
assert_type(read("a"), bytes)
assert_type(read.cache_info().hits, int)
assert_type(tv.instrument_cache(cachetools.LRUCache[str, int](2), "c"), cachetools.LRUCache[str, int])
assert_type(tv.get_collector().get_tool_metrics("t"), dict[str, Any] | None)


async def use() -> None:
    assert_type(await page("u"), bytes)
    assert_type(await coroutine("u"), bytes)
    async with tv.track("block") as tracked:
        tracked.fail("tool_error")
    with tv.start(json_port=0) as endpoints:
        assert_type(endpoints.json_port, int | None)
    tool: tv.ToolMetrics = tv.get_collector().tool("t")
    tool.record_call(success=True, latency_ms=12.5, error_type=None)


class Source:
    def read(self) -> list[str]:
        return []


def send(found: list[str]) -> None:
    assert_type(periodic.every(Source(), 10, send).stop(), bool)


periodic.every(None, 0.5, lambda: None, at_once=True, in_children=True)

sources: list[MetricsSource] = [ThisProcess(), Endpoint("http://127.0.0.1:9109", token="t", timeout_s=1)]
assert_type(tv.snapshot(), Snapshot)
assert_type(sources[0].read().since(tv.snapshot()), Delta)
assert_type(tv.snapshot().tools["search"].total_calls, int)
assert_type(tv.snapshot().tools["search"].latency_ms.p95, float | None)
assert_type(sources[0].render("prometheus", ["orders_total"]), bytes)
