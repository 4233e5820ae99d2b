"""`toolvitals top`: tools, operations, caches, instruments and processes in a table that is drawn again and again."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence

import click
from rich.console import Console
from rich.live import Live

from toolvitals.cli._failure import Failure
from toolvitals.cli._options import Seconds, format_option, source_options
from toolvitals.cli._output import say
from toolvitals.cli._rows import SORTS, Look
from toolvitals.cli._screen import View, screen, tables
from toolvitals.cli._source import failing
from toolvitals.cli._terminal import CLOSED, SUSPENDED, Terminal, suspend
from toolvitals.sources import Source

__all__ = ["top"]

# Where nobody reads the table on a terminal of some width, it is as wide as it wants to be.
_UNLIMITED_WIDTH = 250
_INTERVAL_S = 2.0

_SORT_KEYS = {"c": "calls", "r": "rate", "e": "errors", "l": "p95", "n": "name", "i": "in-progress"}
_QUIT_KEYS = frozenset({"q", "Q", "\x04", CLOSED})


@click.command()
@source_options
@format_option("table", "json")
@click.option("--sort", type=click.Choice(list(SORTS)), default="calls", show_default=True, help="How to order tools.")
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option(
    "--interval",
    "interval_s",
    type=Seconds(0.1, 3600),
    metavar="SECONDS",
    help=f"The time between two looks.  [default: {_INTERVAL_S:g}]",
)
@click.option("--once", is_flag=True, help="Print the tables once, and end; rates need --interval.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many rows of each table.")
def top(
    choose_source: Callable[[], Source],
    format_: str,
    sort: str,
    reverse: bool,
    interval_s: float | None,
    once: bool,
    limit: int | None,
) -> None:
    """Watch tools, operations, instruments and processes in a table.

    Rates are those since the last look; percentiles are those of each tool's window. Where the output is no terminal,
    one table is printed after the other. With --format json each look is one line of JSON with the rows of all tables.
    """
    source = choose_source()
    watch = Watch(source, View(source.title, sort, reverse, limit), time.monotonic)
    watch.look()
    show = _print_json if format_ == "json" else _print
    try:
        if once:
            if interval_s is not None or sort == "rate":
                _wait_and_look(watch, interval_s or _INTERVAL_S)
            show(watch)
        elif format_ == "table" and sys.stdout.isatty() and not Console().is_dumb_terminal:
            _draw(watch, interval_s or _INTERVAL_S)
        else:
            while True:
                show(watch)
                _wait_and_look(watch, interval_s or _INTERVAL_S)
    except KeyboardInterrupt:
        pass  # The ordinary way to end it.


class Watch:
    """What was seen last, what before, and how it is to be shown."""

    def __init__(self, source: Source, view: View, clock: Callable[[], float]) -> None:
        """`clock` gives seconds and never jumps."""
        self._source = source
        self._clock = clock
        self.view = view
        self.now: Look | None = None
        self.before: Look | None = None

    def look(self) -> None:
        """Reads anew. Once there was something to show, a Failure is shown beside it instead of being raised."""
        try:
            with failing():
                seen = self._source.observe()
        except Failure as failure:
            if self.now is None:
                raise
            self.view = dataclasses.replace(self.view, problem=failure.message)
            return
        self.now, self.before = Look(seen, self._clock()), self.now
        self.view = dataclasses.replace(self.view, problem=None)

    def press(self, events: Sequence[str]) -> bool:
        """Does what the keys say; whether one of them is to quit."""
        for event in events:
            if event in _QUIT_KEYS:
                return True
            if event in _SORT_KEYS:
                self.view = dataclasses.replace(self.view, sort=_SORT_KEYS[event])
            elif event == "R":
                self.view = dataclasses.replace(self.view, reverse=not self.view.reverse)
            elif event == " ":
                self.view = dataclasses.replace(self.view, paused=not self.view.paused)
        return False


def _print(watch: Watch) -> None:
    """The tables as they are now, below what was printed before."""
    console = Console() if sys.stdout.isatty() else Console(width=_UNLIMITED_WIDTH)
    assert watch.now is not None
    console.print(screen(watch.now, watch.before, watch.view, console.width))


def _print_json(watch: Watch) -> None:
    """The rows of all tables on one line."""
    assert watch.now is not None
    found = dataclasses.asdict(tables(watch.now, watch.before, watch.view))
    rows = {name: shown[: watch.view.limit] for name, shown in found.items()}
    say(json.dumps({"source": watch.view.title, "problem": watch.view.problem, **rows}))


def _wait_and_look(watch: Watch, seconds: float) -> None:
    time.sleep(seconds)
    watch.look()


def _draw(watch: Watch, interval_s: float) -> None:
    """On the terminal's other screen, until somebody quits; suspended and continued as often as they like."""
    while _draw_until_suspended(watch, interval_s):
        suspend()


def _draw_until_suspended(watch: Watch, interval_s: float) -> bool:
    """Whether it is to be suspended; else it is over."""
    console = Console()
    with Terminal() as terminal, Live(console=console, screen=True, auto_refresh=False) as live:
        watch.view = dataclasses.replace(watch.view, keys=terminal.has_keys)
        due = time.monotonic() + interval_s
        while True:
            assert watch.now is not None
            live.update(screen(watch.now, watch.before, watch.view, console.width, console.height), refresh=True)
            events = terminal.wait(interval_s if watch.view.paused else due - time.monotonic())
            if SUSPENDED in events:
                return True
            if watch.press(events):
                return False
            if not watch.view.paused and time.monotonic() >= due:
                watch.look()
                due = time.monotonic() + interval_s
