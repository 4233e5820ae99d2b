"""The one who kills, and who compares what was acknowledged with what is shown."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import mmap
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolvitals.snapshot import Histogram
from toolvitals.sources import Directory

__all__ = ["Outcome", "run"]

_WORKERS, _TAKERS, _SERVERS = 4, 2, 2
_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run has seen."""

    kills: int
    lives: int
    acknowledged: int
    under_way: int
    counted: int
    scrapes: int
    lost: int
    counted_twice: int
    falls: int

    def __str__(self) -> str:
        return (
            f"{self.kills} processes were killed, {self.lives} of them workers. {self.acknowledged} records were "
            f"acknowledged and {self.under_way} under way when a worker was killed; {self.counted} are counted: "
            f"{self.lost} lost, {self.counted_twice} counted twice. In {self.scrapes} scrapes totals fell "
            f"{self.falls} times."
        )


class _Watcher(threading.Thread):
    """Scrapes the port that the servers share, for as long as there is one; totals must never fall."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.scrapes = 0
        self.falls: list[str] = []
        self._last: dict[str, int] = {}
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._scrape()

    def end(self) -> None:
        self._over.set()
        self.join()

    def _scrape(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/metrics.json")
            snapshot = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        self.scrapes += 1
        for name, value in _totals(snapshot).items():
            if value < self._last.get(name, 0):
                self.falls.append(f"{name} fell from {self._last[name]} to {value}")
            self._last[name] = value


def _totals(snapshot: Any) -> dict[str, int]:
    totals = {}
    for name, tool in snapshot["tools"].items():
        totals[f"calls of {name}"] = tool["total_calls"]
        for error, count in tool["error_types"].items():
            totals[f"{error} of {name}"] = count
    for name, cache in snapshot["caches"].items():
        totals[f"hits of {name}"] = cache["hits"]
    return totals


class _Service:
    def __init__(self, folder: Path, ledger: Path, port: int, seed: int) -> None:
        self.port = port
        self.random = random.Random(seed)
        self.lives = 0
        self.alive: list[tuple[str, int]] = []
        self._template = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.template", str(ledger), str(seed)],
            cwd=_REPOSITORY,
            env={**os.environ, "TOOLVITALS_DIR": str(folder), "METRICS_MAX_SERIES": "100000"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, role: str) -> None:
        argument = self.port if role == "serve" else self.lives
        if role == "work":
            self.lives += 1
        assert self._template.stdin is not None
        assert self._template.stdout is not None
        self._template.stdin.write(f"{role} {argument}\n")
        self._template.stdin.flush()
        self.alive.append((role, int(self._template.stdout.readline())))

    def kill_one(self) -> str:
        role, pid = self.alive.pop(self.random.randrange(len(self.alive)))
        # ProcessLookupError: it has ended by itself, which none of them does.
        os.kill(pid, signal.SIGKILL)
        return role

    def end(self) -> None:
        for _, pid in self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._template.kill()
        self._template.communicate()
        deadline = time.monotonic() + 60
        for _, pid in self.alive:
            while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
                time.sleep(0.001)


@contextlib.contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening.getsockname()[1]


def _counted(folder: Path) -> tuple[int, int, dict[int, int]]:
    """Calls of the tool, observations, and jobs of each life."""
    snapshot = Directory(folder).read()
    calls = snapshot.tools["work"].total_calls if "work" in snapshot.tools else 0
    series = {name: family.series for name, family in snapshot.families.items()}
    jobs = {int(one.labels["life"]): int(one.value) for one in series.get("jobs", ())}  # type: ignore[arg-type]
    observed = sum(one.value.count for one in series.get("sizes", ()) if isinstance(one.value, Histogram))
    return calls, observed, jobs


def run(kills: int, seed: int) -> Outcome:
    """Runs a service of workers, of processes that take in, and of servers on one port; kills one of them by SIGKILL
    at a random instant, and begins another, so many times; then compares what was acknowledged with what counts."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", ignore_cleanup_errors=True)))
        ledger_path = folder / "ledger"
        ledger_path.write_bytes(bytes(16 * (kills + _WORKERS + 1)))
        with _free_port() as port:
            pass
        service = _Service(folder / "run", ledger_path, port, seed)
        stack.callback(service.end)
        for role, count in (("work", _WORKERS), ("take", _TAKERS), ("serve", _SERVERS)):
            for _ in range(count):
                service.begin(role)
        watcher = _Watcher(port)
        watcher.start()
        for _ in range(kills):
            time.sleep(service.random.expovariate(1 / 0.008))
            service.begin(service.kill_one())
        watcher.end()
        service.end()
        return _compare(kills, folder / "run", ledger_path, service.lives, watcher)


def _compare(kills: int, folder: Path, ledger_path: Path, lives: int, watcher: _Watcher) -> Outcome:
    calls, observed, jobs = _counted(folder)
    lost = twice = acknowledged = under_way = 0
    with (
        ledger_path.open("r+b") as file,
        mmap.mmap(file.fileno(), 0) as mapped,
        memoryview(mapped).cast("Q") as ledger,
    ):
        for life in range(lives):
            begun, made = ledger[2 * life], ledger[2 * life + 1]
            acknowledged += made
            under_way += begun - made
            lost += max(made - jobs.get(life, 0), 0)
            twice += max(jobs.get(life, 0) - begun, 0)
    for total in (calls, observed):
        lost += max(acknowledged - total, 0)
        twice += max(total - acknowledged - under_way, 0)
    # Whoever comes next takes in all that is left.
    _take_in(folder)
    left = sorted(entry.name for entry in folder.iterdir())
    again = _counted(folder)
    # The last one that took in has a segment of its own, which nobody has taken in.
    if len(left) > 2 or "retired" not in left or again != (calls, observed, jobs):
        lost += 1
    return Outcome(
        kills=kills,
        lives=lives,
        acknowledged=acknowledged,
        under_way=under_way,
        counted=calls,
        scrapes=watcher.scrapes,
        lost=lost,
        counted_twice=twice,
        falls=len(watcher.falls),
    )


def _take_in(folder: Path) -> None:
    code = "from toolvitals._backend import core; core.render('json')"
    environment = {**os.environ, "TOOLVITALS_DIR": str(folder), "METRICS_MAX_SERIES": "100000"}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
