"""A program with prometheus-async: its decorators on coroutines and futures, and its metrics server."""

from __future__ import annotations

import asyncio

import aiohttp
from prometheus_async import aio
from prometheus_client import Counter, Gauge, Histogram, Summary

TIMES = Histogram("request_seconds", "Time of a request", ["kind"], buckets=(1, 60))
WAITS = Summary("wait_seconds", "Time of a wait")
FAILURES = Counter("failures_total", "Failures")
RUNNING = Gauge("running", "Running now")


@aio.time(TIMES.labels("work"))
@aio.track_inprogress(RUNNING)
async def work(seconds: float) -> float:
    await asyncio.sleep(seconds)
    assert RUNNING._value.get() >= 1
    return seconds


@aio.count_exceptions(FAILURES, exc=ValueError)
async def fail(error: Exception) -> None:
    raise error


async def serve_and_scrape() -> str:
    assert await asyncio.gather(*(work(0.001) for _ in range(5))) == [0.001] * 5
    errors = [ValueError(), KeyError(), ValueError()]
    assert await asyncio.gather(*map(fail, errors), return_exceptions=True) == errors
    future = asyncio.get_running_loop().create_future()
    waiting = aio.time(WAITS, future)
    future.set_result(3)
    assert await waiting == 3
    server = await aio.web.start_http_server(addr="127.0.0.1", port=0)
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.socket.port}/metrics"
        async with session.get(url, headers={"Accept": "application/openmetrics-text"}) as answer:
            assert (await answer.text()).endswith("# EOF\n")
        async with session.get(url) as answer:
            text = await answer.text()
    await server.close()
    return text


def run() -> str:
    return asyncio.run(serve_and_scrape())
