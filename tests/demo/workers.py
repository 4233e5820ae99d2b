"""Many server processes behind one port, one of which is killed every few seconds and replaced."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import RenderableType
from tests.demo.ledger import Ledger
from tests.demo.ports import HOST, reserved
from tests.demo.process import END_SECONDS
from tests.demo.sessions import run_in_many_sessions
from tests.demo.settings import Settings, server_environment
from tests.demo.table import workers_table
from tests.demo.tally import Expected, Tally

from toolvitals.snapshot import Snapshot

__all__ = ["Workers", "workers_behind_one_port"]

SHARED_MEMORY = Path("/dev/shm")
# What the metrics of 64 workers and the ledger of some hours take.
ROOM_BYTES = 32 << 20


@contextmanager
def workers_behind_one_port(database: Path, settings: Settings) -> Iterator[Workers]:
    """Workers that have a folder and ports to share, and are still to begin."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="toolvitals-demo-", dir=_shared_memory())))
        preferred = (
            0,
            int(os.environ.get("METRICS_JSON_PORT", "9109")),
            int(os.environ.get("PROMETHEUS_PORT", "9108")),
        )
        # The ports stay the demo's own while workers come and go.
        ports = [stack.enter_context(reserved(port)) for port in preferred]
        yield Workers(database, folder / "metrics", stack.enter_context(Ledger(folder / "ledger")), ports, settings)


def _shared_memory() -> Path | None:
    """Where files are memory, if there is room; None for the usual place of temporary files."""
    usable = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    return SHARED_MEMORY if usable and shutil.disk_usage(SHARED_MEMORY).free >= ROOM_BYTES else None


@dataclass
class _Worker:
    """A process in its place; its number is no other one's, also when those before it are gone."""

    number: int
    process: asyncio.subprocess.Process
    state: str = "starting"
    since: float = field(default_factory=time.monotonic)


class Workers:
    """A service of many processes that share their metrics in a directory. Used from one event loop."""

    # Each try reaches any of the processes, of which one at a time is killed.
    tries = 20
    run_user = staticmethod(run_in_many_sessions)

    def __init__(self, database: Path, directory: Path, ledger: Ledger, ports: list[int], settings: Settings) -> None:
        mcp, json, prometheus = ports
        self.addresses: Mapping[str, str] = {
            "mcp": f"http://{HOST}:{mcp}/mcp",
            "json": f"http://{HOST}:{json}/metrics.json",
            "prometheus": f"http://{HOST}:{prometheus}/metrics",
            "directory": str(directory),
        }
        self.tally = Tally(ledger)
        self._settings = settings
        module = ("-m", "tests.demo.worker")
        self._command = (sys.executable, *module, str(database), str(ledger.path))
        self._ports = [str(port) for port in ports]
        self._environment = {**server_environment(), "TOOLVITALS_DIR": str(directory)}
        self._begun = 0
        self._kills = 0
        self._ending = asyncio.Event()
        self._workers: dict[int, _Worker] = {}
        self._serving = [asyncio.Event() for _ in range(settings.workers)]
        self._places: list[asyncio.Task[None]] = []
        self._killer: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Fills every place, and has the kills begin once all serve."""
        self._places = [asyncio.ensure_future(self._fill(place)) for place in range(self._settings.workers)]
        if not await self._all_serve():
            raise RuntimeError("; ".join(await self.calm()))
        self._killer = asyncio.ensure_future(self._kill_now_and_then())

    def failed(self) -> bool:
        """Whether a place is empty for good."""
        return any(place.done() for place in self._places)

    async def calm(self) -> list[str]:
        """Kills no more, and waits until all serve; a line for each place that is empty for good."""
        await self._stop_killing()
        await self._all_serve()
        return [str(place.exception()) for place in self._places if place.done()]

    async def end(self) -> None:
        """Ends all workers by the end of their standard input, and kills those that stay."""
        self._ending.set()
        await self._stop_killing()
        for worker in self._workers.values():
            _dismiss(worker)
        if self._places:
            await asyncio.wait(self._places, timeout=END_SECONDS)
        for worker in self._workers.values():
            _kill(worker)
        await asyncio.gather(*self._places, return_exceptions=True)

    def expected(self) -> Expected:
        """What the clients have counted, and what the ledger says of the calls that were not answered."""
        return self.tally.expected({worker.number for worker in self._workers.values()})

    def processes(self) -> set[int]:
        """Those of the workers."""
        return {worker.process.pid for worker in self._workers.values()}

    def tables(self, metrics: Snapshot) -> list[RenderableType]:
        """The workers that are there now."""
        now = time.monotonic()
        rows = [
            (str(place + 1), str(worker.process.pid), worker.state, f"{now - worker.since:.0f}")
            for place, worker in sorted(self._workers.items())
        ]
        alive = sum(worker.state == "serving" for worker in self._workers.values())
        retired = metrics.own.retired_processes
        return [
            workers_table(rows, f"{self._kills} killed so far, {alive} serving, {retired} retired processes counted")
        ]

    def summary(self, expected: Expected) -> str:
        """How many calls agree, after how many kills, and how many of them nobody was told of."""
        uncertain = sum(expected.uncertain.values())
        between = f", {uncertain} of them while being recorded, which may be counted or not" if uncertain else ""
        agreement = "the clients' counts, the workers' ledger and both endpoints agree, for every tool and outcome."
        return (
            f"{self._kills} kills cut off {self.tally.cut_off} calls{between}.\n"
            f"{sum(expected.counts.values())} calls: {agreement}"
        )

    async def _fill(self, place: int) -> None:
        """Begins a worker whenever the one before it was killed; RuntimeError where one ends otherwise."""
        while not self._ending.is_set():
            worker = self._workers[place] = await self._begin_worker()
            assert worker.process.stdout is not None
            if self._ending.is_set():
                _dismiss(worker)
            if await worker.process.stdout.readline() and worker.state == "starting":
                worker.state = "serving"
                worker.since = time.monotonic()
                self._serving[place].set()
            code = await worker.process.wait()
            del self._workers[place]
            self._serving[place].clear()
            killed = worker.state == "killed" and code == -signal.SIGKILL
            if not killed and not self._ending.is_set():
                raise RuntimeError(f"worker {place + 1} ended by itself while {worker.state} (exit code {code})")

    async def _begin_worker(self) -> _Worker:
        self._begun += 1
        process = await asyncio.create_subprocess_exec(
            *self._command,
            str(self._begun),
            *self._ports,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            # Ctrl-C reaches every process of the terminal's session; workers are to end after their metrics were read.
            start_new_session=True,
        )
        return _Worker(self._begun, process)

    async def _all_serve(self) -> bool:
        """Waits until every place serves; False where one is empty for good."""
        all_set = asyncio.ensure_future(_all_set(self._serving))
        try:
            await asyncio.wait({all_set, *self._places}, return_when=asyncio.FIRST_COMPLETED)
            return all_set.done()
        finally:
            all_set.cancel()

    async def _stop_killing(self) -> None:
        if self._killer is not None:
            self._killer.cancel()
            await asyncio.wait({self._killer})

    async def _kill_now_and_then(self) -> None:
        dice = random.Random(f"{self._settings.seed}/kills")
        while True:
            await asyncio.sleep(self._settings.kill_seconds)
            serving = [worker for worker in self._workers.values() if worker.state == "serving"]
            # The last one is spared: with nobody serving, nobody could say what is counted.
            if len(serving) > 1:
                _kill(dice.choice(serving))
                self._kills += 1


def _dismiss(worker: _Worker) -> None:
    """Has a worker end: by itself where it serves, which is when it looks for the end of its input."""
    if worker.state == "serving" and worker.process.stdin is not None:
        worker.process.stdin.close()
    else:
        _kill(worker)


def _kill(worker: _Worker) -> None:
    # Where it has ended by itself, its place tells.
    with suppress(ProcessLookupError):
        worker.process.kill()
        worker.state = "killed"


async def _all_set(events: list[asyncio.Event]) -> None:
    for event in events:
        await event.wait()
