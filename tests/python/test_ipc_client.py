"""ipc: what a client sends, what it does without a server, and its account."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from line_server import LineServer

from toolvitals.ipc import Client, ClientStats
from toolvitals.ipc._mailbox import Mailbox
from toolvitals.ipc._sender import Backoff


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


@pytest.fixture
def server(path: str) -> Iterator[LineServer]:
    with LineServer(path) as running:
        yield running


def balanced(stats: ClientStats) -> ClientStats:
    assert stats.recorded == stats.sent + stats.dropped + stats.queued, stats
    assert stats.dropped == sum(stats.drops.values())
    return stats


def quick(client: Client) -> Client:
    """Without the pauses between attempts."""
    client._sender._backoff = Backoff(0.0005, 0.001)
    return client


def test_records_are_lines_of_the_protocol(path: str, server: LineServer) -> None:
    start = datetime(2026, 1, 31, 13, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=1)))
    with Client(path) as client:
        client.operation(
            "upload",
            success=False,
            duration_ms=112.5,
            timestamp_start=start,
            timestamp_end=start + timedelta(seconds=1),
            object_key="a/é",
            object_size=1048576,
            operation_id="4f",
            error="Timeout\n",
            labels={"user": "ann", "shard": 3},
        )
        client.operation("list", timestamp_start=start, timestamp_end=start)
        client.counter("jobs_total")
        client.counter("jobs_total", Decimal("0.5"), {"queue": "mail"})
        client.gauge("depth", -1)
        client.observe("wait_seconds", 0.25)
        assert client.flush()
        assert balanced(client.stats()).sent == 6
    server.wait_for(6)
    assert server.records() == [
        {
            "operation_id": "4f",
            "operation_type": "upload",
            "object_key": "a/é",
            "object_size": 1048576,
            "timestamp_start": "2026-01-31T12:00:00.250000Z",
            "timestamp_end": "2026-01-31T12:00:01.250000Z",
            "duration_ms": 112.5,
            "success": False,
            "error": "Timeout\n",
            "labels": {"user": "ann", "shard": "3"},
        },
        {
            "operation_type": "list",
            "timestamp_start": "2026-01-31T12:00:00.250000Z",
            "timestamp_end": "2026-01-31T12:00:00.250000Z",
            "success": True,
        },
        {"counter": "jobs_total", "value": 1},
        {"counter": "jobs_total", "value": 0.5, "labels": {"queue": "mail"}},
        {"gauge": "depth", "value": -1},
        {"observe": "wait_seconds", "value": 0.25},
    ]


def test_a_tracked_block(path: str, server: LineServer) -> None:
    class HostileError(ValueError):
        pass

    with Client(path) as client:
        with client.track_operation("upload", object_key="a", labels={"user": "ann"}) as operation:
            operation.object_size = 7
            operation.labels["region"] = "eu"
        with pytest.raises(HostileError), client.track_operation("upload"):
            raise HostileError
        with client.track_operation("upload") as operation:
            operation.fail("refused")
        assert client.flush()
        server.wait_for(3)
    fine, raised, failed = server.records()
    assert (fine["success"], fine["object_key"], fine["object_size"]) == (True, "a", 7)
    assert fine["labels"] == {"user": "ann", "region": "eu"}
    assert "error" not in fine
    assert fine["timestamp_start"] <= fine["timestamp_end"]
    assert fine["duration_ms"] >= 0
    assert (raised["success"], raised["error"]) == (False, "HostileError")
    assert (failed["success"], failed["error"]) == (False, "refused")


async def test_decorated_functions_and_async_blocks(path: str, server: LineServer) -> None:
    with Client(path) as client:

        @client.track_operation("plain", labels={"user": "ann"})
        def plain(x: int) -> int:
            """Doubles."""
            return 2 * x

        @client.track_operation("async")
        async def asynchronous(x: int) -> int:
            await asyncio.sleep(0)
            if x < 0:
                raise asyncio.CancelledError
            return x

        assert plain(2) + plain(3) == 10
        assert plain.__doc__ == "Doubles."
        assert await asynchronous(1) == 1
        with pytest.raises(asyncio.CancelledError):
            await asynchronous(-1)
        async with client.track_operation("block"):
            pass
        with pytest.raises(TypeError, match="generator"):

            @client.track_operation("generator")
            def numbers() -> Iterator[int]:
                yield 1

        assert await asyncio.to_thread(client.flush)
        server.wait_for(5)
    assert [(r["operation_type"], r["success"]) for r in server.records()] == [
        ("plain", True),
        ("plain", True),
        ("async", True),
        ("async", False),
        ("block", True),
    ]


class Unprintable:
    def __str__(self) -> str:
        raise KeyError("no text")


BAD: list[tuple[str, dict[str, Any]]] = [
    ("counter", {"name": "c", "value": float("nan")}),
    ("counter", {"name": "c", "value": float("inf")}),
    ("counter", {"name": "c", "value": "much"}),
    ("counter", {"name": "c", "value": None}),
    ("counter", {"name": object(), "value": 1}),
    ("counter", {"name": "\ud800", "value": 1}),
    ("counter", {"name": "c", "value": 1, "labels": {"a": "x" * 70_000}}),
    ("counter", {"name": "c", "value": 1, "labels": {"a": Unprintable()}}),
    ("counter", {"name": "c", "value": 1, "labels": ["a"]}),
    ("operation", {"operation_type": "upload"}),
    ("operation", {"operation_type": "upload", "timestamp_start": datetime.now(timezone.utc)}),
    ("operation", {"operation_type": "upload", "duration_ms": 1, "timestamp_end": datetime(2026, 1, 1)}),
    ("operation", {"operation_type": "upload", "duration_ms": 1, "object_size": "big"}),
    ("operation", {"operation_type": "upload", "duration_ms": 1, "error": ValueError()}),
]


@pytest.mark.parametrize(("method", "arguments"), BAD)
def test_a_bad_record_is_dropped_and_counted_or_raises(
    method: str, arguments: dict[str, Any], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Client(path) as client, Client(path, strict=True) as strict:
        for _ in range(3):
            getattr(client, method)(**arguments)
        assert balanced(client.stats()).drops == {"bad": 3}
        assert len([record for record in caplog.records if "was dropped (bad" in record.message]) == 1
        with pytest.raises((TypeError, ValueError)):
            getattr(strict, method)(**arguments)
        assert balanced(strict.stats()).drops == {"bad": 1}


def test_paths_and_limits_that_cannot_be() -> None:
    for bad in ("", "a\0b", "x" * 108):
        with pytest.raises(ValueError, match="path"):
            Client(bad)
    with pytest.raises(TypeError):
        Client(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_queue=0"):
        Client("s", max_queue=0)
    with pytest.raises(ValueError, match="max_queue_bytes=0"):
        Client("s", max_queue_bytes=0)
    for timeout in (-1.0, float("nan"), float("inf"), 86_401):
        with pytest.raises(ValueError, match="exit_timeout_s="):
            Client("s", exit_timeout_s=timeout)
    assert "'s'" in repr(Client(Path("s")))


@pytest.mark.parametrize("timeout_s", [math.inf, 1e300, threading.TIMEOUT_MAX])
def test_it_waits_as_long_as_it_takes(path: str, server: LineServer, timeout_s: float) -> None:
    client = Client(path)
    client.counter("jobs", 1)
    assert client.flush(timeout_s)
    client.counter("jobs", 1)
    client.close(timeout_s)
    assert balanced(client.stats()).sent == 2
    Client(path).close(timeout_s)


def test_without_a_server_the_queue_is_bounded_and_the_account_balances(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(path, max_queue=100)
    for i in range(250):
        client.counter("c", i)
    stats = balanced(client.stats())
    assert (stats.recorded, stats.sent, stats.queued, stats.drops) == (250, 0, 100, {"full": 150})
    assert not client.flush(0.001)
    client.close(0.1)
    client.close(0.1)
    client.counter("c")
    stats = balanced(client.stats())
    assert (stats.recorded, stats.sent, stats.queued) == (251, 0, 0)
    assert stats.drops == {"full": 150, "closed": 101}
    assert not client._sender._thread.is_alive()  # type: ignore[union-attr]
    assert len([record for record in caplog.records if "is away" in record.message]) == 1
    assert len([record for record in caplog.records if "(full)" in record.message]) == 1


def test_the_queue_is_bounded_in_bytes_too(path: str) -> None:
    with Client(path, max_queue_bytes=1000) as client:
        for _ in range(100):
            client.counter("c", labels={"a": "x" * 60})
        stats = balanced(client.stats())
        assert 5 < stats.queued < 15
        assert stats.drops["full"] == 100 - stats.queued


def test_what_was_queued_goes_to_a_server_that_comes(path: str) -> None:
    with quick(Client(path)) as client:
        for i in range(500):
            client.gauge("g", i)
        with LineServer(path) as server:
            assert client.flush(60)
            server.wait_for(500)
        assert [record["value"] for record in server.records()] == list(range(500))
        stats = balanced(client.stats())
        assert (stats.sent, stats.reconnects) == (500, 0)


def test_a_server_that_does_not_read_holds_nobody_up(path: str, server: LineServer) -> None:
    server.pause()
    with Client(path, max_queue=2000) as client:
        for _ in range(30_000):
            client.counter("c", labels={"a": "x" * 100})
        stats = balanced(client.stats())
        assert stats.drops["full"] > 0
        assert stats.connected
        server.resume()
        assert client.flush(60)
        sent = balanced(client.stats()).sent
        server.wait_for(sent)
    assert len(server.lines) == sent


@pytest.mark.parametrize("seed", range(5))
def test_a_line_that_was_cut_off_is_sent_again(seed: int, path: str) -> None:
    chance = random.Random(seed)
    # Every connection ends within some line; what its sender could not get through comes again, once.
    with LineServer(path, cut_after=chance.randrange(1, 3000)) as server, quick(Client(path)) as client:
        for i in range(1000):
            client.gauge("g", i, {"a": "x" * chance.randrange(100)})
            if chance.random() < 0.02:
                client.flush(60)
        assert client.flush(60)
        server.wait_for(1000)
        assert [record["value"] for record in server.records()] == list(range(1000))
        assert balanced(client.stats()).reconnects == server.connections - 1


@pytest.mark.parametrize("seed", range(3))
def test_servers_that_come_and_go_lose_nothing_and_double_nothing(seed: int, path: str) -> None:
    chance = random.Random(seed)
    lines: list[bytes] = []
    done = threading.Event()
    with quick(Client(path, max_queue=1_000_000)) as client:

        def record(thread: int) -> None:
            for i in range(3000):
                client.gauge("g", i, {"thread": thread})

        threads = [threading.Thread(target=record, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        while not done.is_set():
            with LineServer(path) as server:
                server.wait_for(min(chance.randrange(1, 1500), 9000 - len(lines)))
            lines += server.lines
            if len(lines) == 9000:
                done.set()
        for thread in threads:
            thread.join()
        assert client.flush(60)  # The server may have heard of the last ones before the sender has.
        stats = balanced(client.stats())
        assert (stats.recorded, stats.sent) == (9000, 9000)
    for n in range(3):
        own = [r["value"] for r in map(json.loads, lines) if r["labels"]["thread"] == str(n)]
        assert own == list(range(3000))


def test_the_account_balances_at_every_instant(path: str, server: LineServer) -> None:
    done = threading.Event()
    with Client(path, max_queue=50) as client:

        def record() -> None:
            while not done.is_set():
                client.counter("c")
                client.counter("c", float("nan"))

        threads = [threading.Thread(target=record) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(2000):
            balanced(client.stats())
        done.set()
        for thread in threads:
            thread.join()
        assert client.flush(60)
        assert balanced(client.stats()).queued == 0


def test_what_is_set_aside_is_taken_in_by_the_next(path: str) -> None:
    mailbox = Mailbox(10, 1000)
    mailbox.take(100)
    mailbox._busy = True  # as if this thread were in the midst of a record
    mailbox.put(b"late\n")
    assert not mailbox._lines
    mailbox._busy = False
    assert mailbox.account().queued == 1
    mailbox.wait(None)  # it was woken
    assert mailbox.take(100) == [b"late\n"]


def test_pauses_grow_and_begin_anew() -> None:
    longest = Backoff(0.1, 1.0, chance=lambda: 0.0)
    assert [longest.next() for _ in range(6)] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    longest.reset()
    assert longest.next() == pytest.approx(0.1)
    assert Backoff(0.1, 1.0, chance=lambda: 0.999).next() > 0.05


def test_a_server_that_comes_back_is_told_of_again(path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with quick(Client(path)) as client:
        for round_ in range(3):
            with LineServer(path) as server:
                client.counter("c", round_)
                assert client.flush(60)
                server.wait_for(1)
            client.counter("c")
            while len([record for record in caplog.records if "is away" in record.message]) <= round_:
                client.flush(0.001)
        assert balanced(client.stats()).reconnects == 2
