"""The metrics server as a process: real sockets, programs in other languages, restarts and kills."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ipc_service import Service
from scrapes import fetch
from waiting import wait_until

from toolvitals.ipc import Client
from toolvitals.ipc._sender import Backoff

LINE = b'{"counter":"c","value":1}\n'


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


def send(path: str, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(data)


def wait_for_more(count: Callable[[], int], limit: int) -> None:
    wait_until(lambda: count() > limit, f"more than {limit}")


def test_operations_and_values_are_at_the_endpoints(path: str) -> None:
    with Service(path, "--json-port", "0", "--label", "region") as service:
        operation = {
            "operation_id": "4f",
            "operation_type": "upload",
            "object_key": "a/b",
            "object_size": 1048576,
            "timestamp_start": "2026-01-31T12:00:00.000Z",
            "timestamp_end": "2026-01-31T12:00:00.112Z",
            "duration_ms": 112.5,
            "success": True,
            "error": None,
            "labels": {"user": "ann", "region": "eu"},
        }
        failed = {**operation, "success": False, "error": "Timeout", "labels": {"user": "bob"}}
        send(path, "\n".join(map(json.dumps, (operation, failed))).encode() + b"\n" + LINE)
        wait_until(lambda: service.lines() == 3, "three lines")
        values = service.values()
        document = json.loads(fetch(service.places["Metrics as JSON"]))
    assert values['operations_total{operation_type="upload",outcome="success",region="eu"}'] == 1
    assert values['operations_total{operation_type="upload",outcome="error",region=""}'] == 1
    assert values['operation_bytes_total{operation_type="upload",region="eu"}'] == 1048576
    assert values['operation_duration_seconds_sum{operation_type="upload",region="eu"}'] == 0.1125
    assert values['operation_duration_seconds_count{operation_type="upload",region=""}'] == 1
    assert values['operation_object_size_bytes_bucket{le="1.048576e+06",operation_type="upload",region="eu"}'] == 1
    assert values["active_users"] == 2
    assert values["c_total"] == 1
    assert "operation_duration_seconds" in document["metrics"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals, path: str, tmp_path: Path) -> None:
    with Service(path, "--datagram-socket", str(tmp_path / "d")) as service:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(LINE + b"half")
            assert service.end(number) == (0, "")
        assert not list(tmp_path.iterdir())


def test_sockets_are_their_owners_unless_told_otherwise(path: str) -> None:
    with Service(path):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with Service(path, "--socket-mode", "660"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o660


def test_a_live_socket_is_left_alone_and_a_stale_one_replaced(path: str) -> None:
    with Service(path) as first:
        with pytest.raises(RuntimeError, match=rf"socket {path} is in use by a process that runs"):
            Service(path)
        send(path, LINE)
        wait_until(lambda: first.lines() == 1, "one line")
        assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL
    assert os.path.exists(path)
    with Service(path) as second:
        send(path, LINE)
        wait_until(lambda: second.lines() == 1, "one line")
    Path(path).write_text("a file")
    with pytest.raises(RuntimeError, match="is not a socket"):
        Service(path)
    assert Path(path).read_text() == "a file"


def test_bad_lines_are_counted_and_the_connection_goes_on(path: str) -> None:
    with Service(path) as service:
        send(path, b"nonsense\n" + b"[" * 1_000_000 + b"\n\xff\n" + LINE + b'{"counter":"c"}\n' + LINE + b'{"counter')
        wait_until(lambda: service.lines("incomplete_line") == 1, "the end")
        assert service.lines() == 2
        assert {name.partition('"')[2][:-2]: count for name, count in service.bad_lines().items()} == {
            "json": 1,
            "line_too_long": 1,
            "encoding": 1,
            "missing_field": 1,
            "incomplete_line": 1,
        }


APPS = Path(__file__).with_name("apps")


def test_programs_in_other_languages(path: str) -> None:
    with Service(path) as service:
        subprocess.run([sys.executable, "-S", str(APPS / "send_a_line.py"), path], check=True)
        subprocess.run(["bash", str(APPS / "send_lines.sh"), path, sys.executable], check=True)
        perl = shutil.which("perl")
        if perl is not None:
            subprocess.run([perl, str(APPS / "send_a_line.pl"), path], check=True)
        wait_until(lambda: service.lines() == (4 if perl is None else 5), "all lines")
        values = service.values()
        assert not service.bad_lines()
    assert values["from_python_jobs_total"] == 2
    assert [values[f'from_bash_jobs_total{{shard="{n}"}}'] for n in (1, 2, 3)] == [1, 1, 1]
    assert perl is None or values["from_perl_seconds_sum"] == 0.25


def test_datagrams(path: str, tmp_path: Path) -> None:
    datagrams = str(tmp_path / "d")
    with Service(path, "--datagram-socket", datagrams) as service:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            for data in (LINE.rstrip(), LINE * 10, b"", b"nonsense", b"x" * 65_537):
                client.sendto(data, datagrams)
        wait_until(lambda: service.lines("line_too_long") == 1, "the last datagram")
        assert (service.lines(), service.lines("json")) == (11, 1)


def test_a_thousand_connections(path: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    clients = []
    try:
        with Service(path) as service:
            for _ in range(1000):
                client = socket.socket(socket.AF_UNIX)
                clients.append(client)
                client.connect(path)
            for _ in range(3):
                for client in clients:
                    client.sendall(LINE)
            wait_until(lambda: service.lines() == 3000, "all lines")
            assert service.values()["toolvitals_ipc_connections"] == 1000
            for client in clients:
                client.close()
            wait_until(lambda: service.values()["toolvitals_ipc_connections"] == 0, "all ends")
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_cannot_start_says_why(path: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"its folder .* is not there"):
        Service(str(tmp_path / "none" / "s"))
    with pytest.raises(RuntimeError, match="107"):
        Service("/" + "x" * 107)
    with pytest.raises(RuntimeError, match="label 'outcome'"):
        Service(path, "--label", "outcome")
    with pytest.raises(RuntimeError, match="metrics are off"):
        Service(path, PERFORMANCE_METRICS_ENABLED="false")
    with pytest.raises(RuntimeError, match="METRICS_MAX_SERIES"):
        Service(path, METRICS_MAX_SERIES="many")
    assert not os.path.exists(path)


def test_systemd_is_told(path: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        with Service(path, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="20000") as service:
            first = manager.recv(1000).decode()
            assert first.startswith("READY=1\nSTATUS=Metrics for Prometheus: http://127.0.0.1:")
            assert path in first
            assert manager.recv(1000) == manager.recv(1000) == b"WATCHDOG=1"
            assert service.end() == (0, "")
        manager.setblocking(False)
        rest: list[bytes] = []
        while not rest or rest[-1] != b"STOPPING=1":
            rest.append(manager.recv(1000))
        assert set(rest[:-1]) <= {b"WATCHDOG=1"}


class Load:
    """Threads that record as long as the block lasts, each through a client of its own."""

    def __init__(self, path: str, seed: int) -> None:
        self._done = threading.Event()
        self.clients = [Client(path, max_queue=2000) for _ in range(3)]
        for client in self.clients:
            client._sender._backoff = Backoff(0.001, 0.01)
        self._threads = [
            threading.Thread(target=self._record, args=(client, random.Random(f"{seed}/{n}")))
            for n, client in enumerate(self.clients)
        ]

    def _record(self, client: Client, chance: random.Random) -> None:
        while not self._done.is_set():
            for _ in range(chance.randrange(200)):
                client.counter("c", labels={"shard": chance.randrange(5), "pad": "x" * (chance.randrange(3) * 100)})
            self._done.wait(chance.random() / 1000)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def totals(self) -> Counter[str]:
        """Recorded, sent and dropped of all clients; each account has to balance."""
        totals: Counter[str] = Counter()
        for stats in (client.stats() for client in self.clients):
            assert stats.recorded == stats.sent + stats.dropped + stats.queued
            totals += Counter(recorded=stats.recorded, sent=stats.sent, dropped=stats.dropped, queued=stats.queued)
        return totals


@pytest.fixture(params=range(3))
def load(request: pytest.FixtureRequest, path: str) -> Iterator[Load]:
    load = Load(path, request.param)
    yield load
    for client in load.clients:
        client.close()


def flush(load: Load) -> Counter[str]:
    """Has every client send what it has queued; the totals."""
    for client in load.clients:
        assert client.flush(60)
    totals = load.totals()
    assert totals["queued"] == 0
    assert totals["recorded"] == totals["sent"] + totals["dropped"]
    return totals


def test_every_line_that_was_sent_is_taken_in_once_whatever_stops(load: Load, path: str, tmp_path: Path) -> None:
    folder = f"--dir={tmp_path / 'shared'}"
    with load:
        for _ in range(5):
            with Service(path, folder):
                wait_for_more(lambda: load.totals()["sent"], load.totals()["sent"] + 500)
    with Service(path, folder) as last:
        totals = flush(load)
        wait_until(lambda: last.lines() == totals["sent"], "every line")
        values = last.values()
        assert sum(value for name, value in values.items() if name.startswith("c_total{")) == totals["sent"]
        # Where a line was cut off, a server was told to end, and the line was sent again as a whole.
        assert set(last.bad_lines()) <= {'toolvitals_ipc_lines_total{result="incomplete_line"}'}


def test_kills_lose_what_was_not_read_and_nothing_else(load: Load, path: str, tmp_path: Path) -> None:
    chance = random.Random(1)
    folder = f"--dir={tmp_path / 'shared'}"
    kills = 5
    seen = 0
    with load:
        for _ in range(kills):
            with Service(path, folder) as service:
                wait_for_more(service.lines, seen + chance.randrange(1, 1000))
                seen = service.lines()
                assert service.end(signal.SIGKILL)[0] == -signal.SIGKILL
            load.totals()
    with Service(path, folder) as last:
        totals = flush(load)
        for client in load.clients:
            client.close()
        wait_until(lambda: last.values()["toolvitals_ipc_connections"] == 0, "the ends of all connections")
        assert seen <= last.lines() <= totals["sent"]
        assert not last.bad_lines(), "no server saw the rest of a line whose start another one had"
        counted = sum(value for name, value in last.values().items() if name.startswith("c_total{"))
        # A kill may come between a value and the count of its line.
        assert last.lines() <= counted <= last.lines() + kills


def test_state_survives_the_server(path: str, tmp_path: Path) -> None:
    folder = f"--dir={tmp_path / 'shared'}"
    sent = [
        {"operation_type": "get", "success": True, "duration_ms": 250, "object_size": 5, "labels": {"user": "ann"}},
        {"counter": "c", "value": 1},
        {"observe": "wait_seconds", "value": 2},
    ]
    for round_, number in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM), 1):
        with Service(path, folder) as service:
            lines = [*sent, {"gauge": "depth", "value": round_}]
            send(path, "".join(json.dumps(line) + "\n" for line in lines).encode())
            wait_for_more(service.lines, 4 * round_ - 1)
            values = service.values()
            assert values['operations_total{operation_type="get",outcome="success"}'] == round_
            assert values['operation_duration_seconds_sum{operation_type="get"}'] == 0.25 * round_
            assert values['operation_bytes_total{operation_type="get"}'] == 5 * round_
            assert values["wait_seconds_count"] == values["c_total"] == round_
            assert values["depth"] == round_
            assert values["active_users"] == 1
            service.end(number)
    with Service(path, folder) as last:
        values = last.values()
        assert values["c_total"] == values["depth"] == 3
        assert values["active_users"] == values["toolvitals_ipc_connections"] == 0
