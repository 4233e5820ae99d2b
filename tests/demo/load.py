"""The clients together: started, stopped and held against the metrics."""

from __future__ import annotations

import asyncio
import time

from tests.demo.clients import User
from tests.demo.endpoint import differences, prometheus_counts, read, read_text, snapshot_counts
from tests.demo.hearing import hear_all
from tests.demo.service import Service

__all__ = ["Load", "settled_differences"]

# How long clients may take for the request they are in the middle of, and the server for cancellations under way.
FINISH_SECONDS = 20.0
SETTLE_SECONDS = 10.0


class Load:
    """Runs the clients. Used from one event loop."""

    def __init__(self, service: Service, clients: int, seed: int, paths: list[str]) -> None:
        self._stop = asyncio.Event()
        self._clients = [
            asyncio.ensure_future(
                service.run_user(service.addresses["mcp"], number, User(number, seed, paths, service.tally), self._stop)
            )
            for number in range(clients)
        ]

    def failed(self) -> bool:
        """Whether a client ended by itself."""
        return any(client.done() for client in self._clients)

    async def finish(self) -> list[str]:
        """Lets every client finish its request; a line for each that could not."""
        self._stop.set()
        _, late = await asyncio.wait(self._clients, timeout=FINISH_SECONDS)
        for client in late:
            client.cancel()
        results = await asyncio.gather(*self._clients, return_exceptions=True)
        return [f"client {number}: {result!r}" for number, result in enumerate(results) if result is not None]


async def settled_differences(service: Service) -> list[str]:
    """What the endpoints and the clients disagree on, after cancellations under way have had time to arrive."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        metrics = await asyncio.to_thread(read, service.addresses["json"], service.tries)
        text = await asyncio.to_thread(read_text, service.addresses["prometheus"], service.tries)
        expected = service.expected()
        found = differences("JSON", snapshot_counts(metrics), expected)
        found += differences("Prometheus", prometheus_counts(text), expected)
        running = {name: tool.in_progress for name, tool in metrics.tools.items() if tool.in_progress}
        found += [f"JSON: {name}: {count} still in flight" for name, count in running.items()]
        found += expected.unsettled
        if not found and service.processes():
            found = await asyncio.to_thread(hear_all, service.addresses, service.processes(), expected)
        if not found or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.1)
