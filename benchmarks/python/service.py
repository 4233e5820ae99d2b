"""A service with a hundred tools, in a process of its own: what the scrapers of the other benchmarks talk to.

`python -m benchmarks.python.service LIBRARY MODE` prints one line of JSON with its port, and ends when its standard
input does, after one line of JSON with what it measured. Modes:

- `idle`: nothing but the endpoint.
- `loop`: an asyncio loop that never rests and notes every gap between two of its turns.
- `record`: a loop that records as fast as it can and notes the pace of every batch.

Libraries: `toolvitals`, `prometheus_client` (its own threaded server), and `prometheus_client on the loop`, which
renders in the event loop as its ASGI and aiohttp integrations do (mode `loop` only).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import threading
from array import array
from collections.abc import Callable
from time import monotonic_ns, perf_counter_ns
from typing import Any

from benchmarks.python.data import Record, fill

__all__: list[str] = []

# Gaps shorter than this are the loop's ordinary turns, and are only counted.
NOTED_GAP_NS = 50_000
BATCH = 1000


def _ended() -> threading.Event:
    """Set when standard input ends."""
    event = threading.Event()

    def wait() -> None:
        # Unbuffered: a daemon thread that holds the buffer's lock when the interpreter ends would abort it.
        with open(0, "rb", buffering=0, closefd=False) as standard_input:
            while standard_input.read(64):
                pass
        event.set()

    threading.Thread(target=wait, daemon=True).start()
    return event


def _start_toolvitals() -> tuple[int, Record]:
    import toolvitals as tv

    collector = tv.get_collector()
    endpoints = tv.start(json_endpoint_enabled=False, prometheus_enabled=True, prometheus_port=0)
    port = endpoints.prometheus_port
    assert port is not None
    record = collector.tool("recorded").record_call
    fill(lambda name, success, latency_ms: collector.record_tool_call(name, success=success, latency_ms=latency_ms))
    return port, lambda _name, success, latency_ms: record(success, latency_ms)


def _start_prometheus_client() -> tuple[int, Record]:
    from prometheus_client import start_http_server

    from benchmarks.python.peers import PrometheusTools

    tools = PrometheusTools()
    fill(tools.record)
    server, _ = start_http_server(0, addr="127.0.0.1", registry=tools.registry)
    counter = tools.calls.labels("recorded", "success")
    histogram = tools.durations.labels("recorded")

    def record(_name: str, _success: bool, latency_ms: float) -> None:
        counter.inc()
        histogram.observe(latency_ms / 1000)

    return server.server_port, record


async def _serve_on_loop() -> asyncio.Server:
    """prometheus_client rendered by the event loop itself."""
    from prometheus_client import generate_latest

    from benchmarks.python.peers import PrometheusTools

    tools = PrometheusTools()
    fill(tools.record)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = generate_latest(tools.registry)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


async def _loop(library: str, ended: threading.Event) -> None:
    if library == "prometheus_client on the loop":
        server = await _serve_on_loop()
        port = int(server.sockets[0].getsockname()[1])
    else:
        port = STARTERS[library]()[0]
    # Flat arrays, allocated before: noting a gap must not make one.
    starts, lengths = array("q"), array("q")
    turns = 0
    _say({"port": port})
    last = monotonic_ns()
    while not ended.is_set():
        await asyncio.sleep(0)
        now = monotonic_ns()
        turns += 1
        if now - last >= NOTED_GAP_NS:
            starts.append(last)
            lengths.append(now - last)
        last = now
    _say({"turns": turns, "starts": starts.tolist(), "gaps": lengths.tolist()})


def _record(library: str, ended: threading.Event) -> None:
    port, record = STARTERS[library]()
    starts, lengths = array("q"), array("q")
    _say({"port": port})
    rounds = range(BATCH)
    while not ended.is_set():
        began = monotonic_ns()
        started = perf_counter_ns()
        for _ in rounds:
            record("recorded", True, 12.5)
        lengths.append(perf_counter_ns() - started)
        starts.append(began)
    _say({"batch": BATCH, "starts": starts.tolist(), "lengths": lengths.tolist()})


STARTERS: dict[str, Callable[[], tuple[int, Record]]] = {
    "toolvitals": _start_toolvitals,
    "prometheus_client": _start_prometheus_client,
}


def main(library: str, mode: str) -> None:
    """Serves until standard input ends."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ended = _ended()
    if mode == "loop":
        asyncio.run(_loop(library, ended))
    elif mode == "record":
        _record(library, ended)
    else:
        _say({"port": STARTERS[library]()[0]})
        ended.wait()
        _say({})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
