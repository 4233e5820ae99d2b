"""What `top` shows: the tables of tools, caches and processes, and what is around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.text import Text

from toolvitals.cli._instruments import InstrumentRow, OperationRow, instrument_rows, operation_rows
from toolvitals.cli._rows import (
    CacheRow,
    Look,
    ProcessRow,
    ToolRow,
    cache_rows,
    process_rows,
    sorted_tools,
    tool_rows,
)
from toolvitals.cli._table import NONE, Column, share, table
from toolvitals.cli._words import byte_size, count_of, duration, grouped, percent, printable

__all__ = ["Tables", "View", "screen", "tables"]

Row = TypeVar("Row")

_HANGING_S = 60.0
# A table's title and its headings, and the empty line after it.
_TABLE_LINES = 3
_HEADER_LINES = 3
_HELP = "q quit · space pause · R reverse · sort by: c calls · r rate · e errors · l p95 · n name · i in progress"


@dataclasses.dataclass(frozen=True)
class View:
    """How the metrics are to be shown. `limit` is rows of each table; `keys` says that keys are listened to."""

    title: str
    sort: str = "calls"
    reverse: bool = False
    limit: int | None = None
    paused: bool = False
    keys: bool = False
    problem: str | None = None


def _ms(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def _rate(value: float | None) -> str:
    return NONE if value is None else f"{value:,.1f}"


def _share(value: float | None) -> str:
    return NONE if value is None else percent(value)


def _seconds(value: float | None) -> str:
    return NONE if value is None else duration(value)


_TOOLS: tuple[Column[ToolRow], ...] = (
    Column("tool", lambda row: row.name, 0, left=True),
    Column("calls", lambda row: grouped(row.calls), 1),
    Column("per s", lambda row: _rate(row.rate), 3),
    Column("success", lambda row: _share(row.success_rate), 6),
    Column("errors", lambda row: grouped(row.errors), 2, lambda row: "red" if row.errors else ""),
    Column("in progress", lambda row: grouped(row.in_progress), 5, lambda row: "cyan" if row.in_progress else ""),
    Column("oldest", lambda row: _seconds(row.oldest_s), 7, lambda row: "yellow" if _hangs(row) else ""),
    Column("p50 ms", lambda row: _ms(row.p50_ms), 8),
    Column("p95 ms", lambda row: _ms(row.p95_ms), 4),
    Column("p99 ms", lambda row: _ms(row.p99_ms), 9),
    Column("top error", lambda row: row.top_error or NONE, 10, left=True, max_width=32),
)

_OPERATIONS: tuple[Column[OperationRow], ...] = (
    Column("operation", lambda row: row.name, 0, left=True),
    Column("calls", lambda row: grouped(row.calls), 1),
    Column("per s", lambda row: _rate(row.rate), 2),
    Column("success", lambda row: _share(row.success_rate), 5),
    Column("errors", lambda row: grouped(row.errors), 3, lambda row: "red" if row.errors else ""),
    Column("p50 ms", lambda row: _ms(row.p50_ms), 7),
    Column("p95 ms", lambda row: _ms(row.p95_ms), 4),
    Column("p99 ms", lambda row: _ms(row.p99_ms), 8),
    Column("bytes", lambda row: byte_size(row.bytes) if row.bytes else NONE, 6),
)

_INSTRUMENTS: tuple[Column[InstrumentRow], ...] = (
    Column("instrument", lambda row: row.name, 0, left=True),
    Column("type", lambda row: row.type, 4, left=True),
    Column("series", lambda row: grouped(row.series), 3),
    Column("value", lambda row: row.value or NONE, 1),
    Column("per s", lambda row: _rate(row.rate), 2),
    Column("mean", lambda row: NONE if row.mean is None else f"{row.mean:.4g}", 5),
)

_CACHES: tuple[Column[CacheRow], ...] = (
    Column("cache", lambda row: row.name, 0, left=True),
    Column("hits", lambda row: grouped(row.hits), 2),
    Column("misses", lambda row: grouped(row.misses), 3),
    Column("hit rate", lambda row: _share(row.hit_rate), 1),
    Column("evictions", lambda row: grouped(row.evictions), 4),
)

_PROCESSES: tuple[Column[ProcessRow], ...] = (
    Column("pid", lambda row: str(row.pid), 0),
    Column("state", lambda row: row.state, 1, lambda row: "" if row.state == "live" else "yellow", left=True),
    Column("cpu", lambda row: _share(row.cpu), 2),
    Column("memory", lambda row: NONE if row.resident_bytes is None else byte_size(row.resident_bytes), 3),
    Column("threads", lambda row: NONE if row.threads is None else grouped(row.threads), 5),
    Column("files", lambda row: NONE if row.open_fds is None else grouped(row.open_fds), 6),
    Column("up", lambda row: _seconds(row.age_s), 4),
    Column("segment", lambda row: NONE if row.segment_bytes is None else byte_size(row.segment_bytes), 8),
    Column("version", lambda row: row.version or NONE, 7, left=True),
)


@dataclasses.dataclass(frozen=True)
class Tables:
    """The rows of each table, in their order."""

    tools: list[ToolRow]
    operations: list[OperationRow]
    caches: list[CacheRow]
    instruments: list[InstrumentRow]
    processes: list[ProcessRow]


def tables(now: Look, before: Look | None, view: View) -> Tables:
    """What there is to show, as values."""
    return Tables(
        tools=sorted_tools(tool_rows(now, before), view.sort, view.reverse),
        operations=sorted_tools(operation_rows(now, before), view.sort, view.reverse),
        caches=sorted(cache_rows(now), key=lambda row: row.name),
        instruments=instrument_rows(now, before),
        processes=process_rows(now, before),
    )


def screen(now: Look, before: Look | None, view: View, width: int, height: int | None = None) -> RenderableType:
    """Everything at once, at most `width` cells wide and, unless that is None, `height` lines high."""
    found = tables(now, before, view)
    tools, operations, caches = found.tools, found.operations, found.caches
    instruments, processes = found.instruments, found.processes
    wanted = [len(tools), len(operations), len(caches), len(instruments), len(processes)]
    counts = [rows if view.limit is None else min(rows, view.limit) for rows in wanted]
    if height is not None:
        titles = sum(1 for rows in wanted if rows)
        counts = share(max(height - _HEADER_LINES - view.keys - titles * _TABLE_LINES, 1), counts)
    order = f"by {view.sort}{', reversed' if view.reverse else ''}"
    parts: list[RenderableType] = [_header(now, _sums(tools, operations, instruments), view), Text("")]
    if not any(wanted[:4]):
        parts += [Text("Nothing was recorded yet."), Text("")]
    parts += _part(f"Tools, {order}", _TOOLS, tools, counts[0], width)
    parts += _part(f"Operations, {order}", _OPERATIONS, operations, counts[1], width)
    parts += _part("Caches", _CACHES, caches, counts[2], width)
    parts += _part("Instruments", _INSTRUMENTS, instruments, counts[3], width)
    retired = now.snapshot.own.retired_processes
    ended = f", and {count_of(retired, 'process', 'processes')} that ended" if retired else ""
    parts += _part(f"Processes{ended}", _PROCESSES, processes, counts[4], width)
    if view.keys:
        parts.append(_line(_HELP, "dim"))
    else:
        parts.pop()
    return Group(*parts)


def _part(
    title: str, columns: Sequence[Column[Row]], rows: Sequence[Row], shown: int, width: int
) -> list[RenderableType]:
    """A table under its title, which says how many rows it has when some are not shown; nothing without rows."""
    if not rows:
        return []
    if shown < len(rows):
        title = f"{title} ({grouped(shown)} of {grouped(len(rows))})"
    return [_line(title, "bold"), table(columns, rows[:shown], width), Text("")]


def _sums(tools: Sequence[ToolRow], operations: Sequence[OperationRow], instruments: Sequence[object]) -> list[str]:
    """What there is of each kind; of tools also that there are none, where there is nothing else."""
    sums = []
    if tools or not (operations or instruments):
        sums += [count_of(len(tools), "tool"), *_calls(tools, "call")]
        sums.insert(-1, f"{grouped(sum(row.in_progress for row in tools))} in progress")
    if operations:
        sums += [count_of(len(operations), "type of operation", "types of operation"), *_calls(operations, "operation")]
    if instruments:
        sums.append(count_of(len(instruments), "instrument"))
    return sums


def _calls(rows: Sequence[ToolRow], noun: str) -> list[str]:
    rates = [row.rate for row in rows if row.rate is not None]
    return [
        count_of(sum(row.calls for row in rows), noun),
        *([f"{_rate(sum(rates))} per s"] if rates else []),
        count_of(sum(row.errors for row in rows), "error"),
    ]


def _header(now: Look, sums: list[str], view: View) -> RenderableType:
    snapshot = now.snapshot
    facts = [view.title, f"toolvitals {printable(snapshot.own.version or '?')}"]
    # A folder's is that of whichever process has lived longest.
    if not now.seen.of_directory:
        facts.append(f"up {duration(snapshot.uptime_s)}")
    facts.append(now.seen.answered_at.astimezone().strftime("%H:%M:%S"))
    # What is wrong comes first, since a narrow terminal cuts the end.
    if view.problem is not None:
        state = _line(view.problem, "bold red")
    else:
        state = _line(" · ".join((["paused"] if view.paused else []) + sums), "yellow" if view.paused else "")
    return Group(_line(" · ".join(facts), "bold"), state)


def _line(text: str, style: str = "") -> Text:
    """One line, whatever the width."""
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _hangs(row: ToolRow) -> bool:
    return row.oldest_s is not None and row.oldest_s >= _HANGING_S
