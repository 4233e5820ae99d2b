"""`python -m tests.demo`: see the package's description and settings.py for what the environment can say."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import track
from rich.text import Text
from tests.demo import corpus
from tests.demo.endpoint import read
from tests.demo.load import Load, settled_differences
from tests.demo.process import serving
from tests.demo.service import OneProcess, Service
from tests.demo.settings import Settings
from tests.demo.table import MetricsTable
from tests.demo.workers import workers_behind_one_port

__all__ = ["main"]

REFRESH_SECONDS = 1.0
# Without a terminal there is nothing to redraw: a table now and then tells as much.
PLAIN_REFRESH_SECONDS = 5.0


def main() -> int:
    """Runs the demo; the process's exit code."""
    try:
        settings = Settings.from_environment(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    # The width of a log that no terminal limits; narrower, the table's numbers would be cut.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    try:
        return _run(console, settings)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 0


def _run(console: Console, settings: Settings) -> int:
    with tempfile.TemporaryDirectory(prefix="toolvitals-demo-") as folder:
        database = Path(folder, "stdlib.sqlite")
        paths = _build_corpus(console, database)
        with _service(database, settings) as service:
            _print_addresses(console, service.addresses, settings)
            logging.disable(logging.CRITICAL)  # Clients that give up on calls are the point, not worth a warning.
            return asyncio.run(_serve_and_drive(console, settings, service, paths))


@contextmanager
def _service(database: Path, settings: Settings) -> Iterator[Service]:
    """What is put under load, as the settings ask for it."""
    if settings.workers > 1:
        with workers_behind_one_port(database, settings) as workers:
            yield workers
    else:
        with serving(database) as addresses:
            yield OneProcess(addresses)


def _build_corpus(console: Console, database: Path) -> list[str]:
    files = corpus.source_files()
    console.print(f"Indexing {len(files)} files of the Python {sys.version.split()[0]} standard library")
    progress = iter(track(files, description="Indexing", console=console))
    corpus.build(database, files, lambda: next(progress, None))
    next(progress, None)
    return [name for name, _ in files]


def _print_addresses(console: Console, addresses: Mapping[str, str], settings: Settings) -> None:
    lines = {
        "MCP server": "mcp",
        "Metrics as JSON": "json",
        "Metrics for Prometheus": "prometheus",
        "Metrics in files": "directory",
    }
    for title, key in lines.items():
        if key in addresses:
            console.print(Text(f"{title + ':':24}{addresses[key]}"))
    for key, variable, default in (("json", "METRICS_JSON_PORT", 9109), ("prometheus", "PROMETHEUS_PORT", 9108)):
        asked = int(os.environ.get(variable, default))
        if f":{asked}/" not in addresses[key]:
            console.print(Text(f"Port {asked} is taken; the {key} endpoint is on the next free one, as above."))
    ending = "until Ctrl-C" if settings.seconds is None else f"for {settings.seconds:g} s"
    console.print(f"{settings.clients} clients, seed {settings.seed}, {ending}")
    if settings.workers > 1:
        console.print(f"{settings.workers} workers, one of them killed every {settings.kill_seconds:g} s")


async def _serve_and_drive(console: Console, settings: Settings, service: Service, paths: list[str]) -> int:
    try:
        await service.begin()
        return await _drive(console, settings, service, paths)
    finally:
        await service.end()


async def _drive(console: Console, settings: Settings, service: Service, paths: list[str]) -> int:
    interrupted = _catch_interrupt()
    load = Load(service, settings.clients, settings.seed, paths)
    until = None if settings.seconds is None else time.monotonic() + settings.seconds
    table = MetricsTable()

    async def tables() -> Group:
        metrics = await asyncio.to_thread(read, service.addresses["json"], service.tries)
        return Group(*service.tables(metrics), table.render(metrics))

    with _screen(console) as show:
        interval = REFRESH_SECONDS if console.is_terminal else PLAIN_REFRESH_SECONDS
        while not await _is_over(interrupted, service, load, until, interval):
            show(await tables())
        problems = await service.calm()
        problems += await load.finish()
        problems += service.tally.problems
        problems += await settled_differences(service)
        show(await tables())
    for problem in problems:
        console.print(Text(problem, style="red"))
    if not problems:
        console.print(service.summary(service.expected()))
    # Whoever interrupts one process may do so before it has answered. Of many, what was cut off is known.
    return 1 if problems and (settings.workers > 1 or not interrupted.is_set()) else 0


@contextmanager
def _screen(console: Console) -> Iterator[Callable[[RenderableType], None]]:
    """Shows one table after the other: in place on a terminal, else one below the other."""
    if not console.is_terminal:
        yield console.print
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda table: live.update(table, refresh=True)


def _catch_interrupt() -> asyncio.Event:
    """An event for the first Ctrl-C or SIGTERM; a second Ctrl-C ends at once."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        interrupted.set()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, interrupt)
    loop.add_signal_handler(signal.SIGTERM, interrupted.set)
    return interrupted


async def _is_over(
    interrupted: asyncio.Event, service: Service, load: Load, until: float | None, interval: float
) -> bool:
    """Waits for the next refresh; whether there is none, because of Ctrl-C, the time or a part that broke."""
    left = interval if until is None else min(interval, max(0.0, until - time.monotonic()))
    try:
        await asyncio.wait_for(interrupted.wait(), left)
    except (TimeoutError, asyncio.TimeoutError):
        return load.failed() or service.failed() or (until is not None and time.monotonic() >= until)
    return True


if __name__ == "__main__":
    sys.exit(main())
