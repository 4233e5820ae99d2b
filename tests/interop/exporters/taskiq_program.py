"""A taskiq broker with its Prometheus middleware, which is made for worker processes with a shared folder."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from taskiq import InMemoryBroker
from taskiq.middlewares.prometheus_middleware import PrometheusMiddleware


async def work(broker: InMemoryBroker) -> None:
    @broker.task("double")
    async def double(number: int) -> int:
        if number < 0:
            raise ValueError("on purpose")
        return 2 * number

    await broker.startup()
    for number in (1, 2, -1):
        task = await double.kiq(number)
        await task.wait_result()
    await broker.shutdown()


def run() -> str:
    with tempfile.TemporaryDirectory() as folder:
        broker = InMemoryBroker().with_middlewares(PrometheusMiddleware(Path(folder)))
        asyncio.run(work(broker))

        from prometheus_client import CollectorRegistry, generate_latest, multiprocess

        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry).decode()
