"""What a table of metrics says, as values: rows from one look, and rates from two. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from toolvitals.cli._words import printable
from toolvitals.snapshot import Delta, ProcessStats, Snapshot, ToolStats
from toolvitals.sources import Observation, Segment

__all__ = [
    "SORTS",
    "CacheRow",
    "Look",
    "ProcessRow",
    "ToolRow",
    "cache_rows",
    "per_second",
    "process_rows",
    "seconds_between",
    "since",
    "sorted_tools",
    "tool_rows",
]

# Two looks that are closer than this say nothing of a rate.
_MIN_SECONDS = 1e-3


@dataclasses.dataclass(frozen=True)
class Look:
    """What was seen, and when by a clock that does not jump, in seconds."""

    seen: Observation
    at_s: float

    @property
    def snapshot(self) -> Snapshot:
        """What was seen."""
        return self.seen.snapshot


@dataclasses.dataclass(frozen=True)
class ToolRow:
    """A tool. `rate` is finished calls per second; latencies are in ms, of the window; what is not known is None."""

    name: str
    calls: int
    rate: float | None
    success_rate: float | None
    errors: int
    in_progress: int
    oldest_s: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    top_error: str | None


@dataclasses.dataclass(frozen=True)
class CacheRow:
    """A cache. `hit_rate` is 0 to 1, None before the first request."""

    name: str
    hits: int
    misses: int
    hit_rate: float | None
    evictions: int


@dataclasses.dataclass(frozen=True)
class ProcessRow:
    """A process. `cpu` is 1 for a core that is busy all the time; `age_s` is since its start, or its segment's."""

    pid: int
    state: str
    cpu: float | None = None
    resident_bytes: int | None = None
    threads: int | None = None
    open_fds: int | None = None
    age_s: float | None = None
    segment_bytes: int | None = None
    version: str | None = None


_Value = Callable[[ToolRow], "float | None"]
Row = TypeVar("Row", bound=ToolRow)

# What --sort can be: each but the name puts the largest first.
SORTS: dict[str, _Value | None] = {
    "calls": lambda row: row.calls,
    "rate": lambda row: row.rate,
    "errors": lambda row: row.errors,
    "p95": lambda row: row.p95_ms,
    "in-progress": lambda row: row.in_progress,
    "name": None,
}


def tool_rows(now: Look, before: Look | None) -> list[ToolRow]:
    """One row for each tool, in the snapshot's order; rates are since `before`."""
    seconds = seconds_between(now, before)
    grown = since(now, before)
    return [
        _tool(name, tool, None if grown is None else grown.tools[name].total_calls, seconds)
        for name, tool in now.snapshot.tools.items()
    ]


def cache_rows(now: Look) -> list[CacheRow]:
    """One row for each cache, in the snapshot's order."""
    return [
        CacheRow(printable(name), cache.hits, cache.misses, cache.hit_rate, cache.evictions)
        for name, cache in now.snapshot.caches.items()
    ]


def process_rows(now: Look, before: Look | None) -> list[ProcessRow]:
    """One row for each process that is known; of a folder also for those that ended and left a segment."""
    seconds = seconds_between(now, before)
    known = frozenset() if before is None else frozenset(map(_identity, before.snapshot.processes))
    grown = since(now, before)
    used = {} if grown is None else {process.pid: process.cpu_seconds for process in grown.processes}
    rows = {
        process.pid: _process(process, used.get(process.pid) if _identity(process) in known else None, seconds, now)
        for process in now.snapshot.processes
    }
    for segment in now.seen.segments or ():
        if segment.state in ("live", "dead"):
            rows[segment.pid] = _with_segment(rows.get(segment.pid), segment, now)
    return sorted(rows.values(), key=lambda row: (row.state != "live", row.pid))


def sorted_tools(rows: Iterable[Row], sort: str, reverse: bool = False) -> list[Row]:
    """The rows by one of SORTS, and by name where that is equal. Rows without the value stand last."""
    by_name = sorted(rows, key=lambda row: row.name, reverse=reverse and sort == "name")
    value = SORTS[sort]
    if value is None:
        return by_name
    known = [(found, row) for row in by_name if (found := value(row)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=not reverse)
    return [row for _, row in known] + [row for row in by_name if value(row) is None]


def since(now: Look, before: Look | None) -> Delta | None:
    """What was counted between two looks; None where there is one."""
    return None if before is None else now.snapshot.since(before.snapshot)


def seconds_between(now: Look, before: Look | None) -> float | None:
    """The time between two looks; None where there is one, or where they are too close to say anything of a rate."""
    seconds = None if before is None else now.at_s - before.at_s
    return None if seconds is None or seconds < _MIN_SECONDS else seconds


def per_second(increased: float | None, seconds: float | None) -> float | None:
    """What grew by so much within so many seconds, in one; None where either is not known."""
    return None if seconds is None or increased is None else increased / seconds


def _tool(name: str, tool: ToolStats, grown: int | None, seconds: float | None) -> ToolRow:
    oldest_ms = tool.oldest_in_progress_ms
    window = tool.latency_ms
    return ToolRow(
        name=printable(name),
        calls=tool.total_calls,
        rate=per_second(grown, seconds),
        success_rate=tool.success_rate,
        errors=tool.failed_calls,
        in_progress=tool.in_progress,
        oldest_s=None if oldest_ms is None else oldest_ms / 1000,
        p50_ms=window.p50,
        p95_ms=window.p95,
        p99_ms=window.p99,
        top_error=_most_frequent(tool.error_types),
    )


def _most_frequent(error_types: Mapping[str, int]) -> str | None:
    """The type of which there were most; of two that are equal the first by name."""
    name = min(error_types, key=lambda name: (-error_types[name], name), default=None)
    return None if name is None else printable(name)


def _identity(process: ProcessStats) -> tuple[int, float | None]:
    """What no two processes share: numbers are used again."""
    return process.pid, process.start_time_seconds


def _process(process: ProcessStats, used_s: float | None, seconds: float | None, now: Look) -> ProcessRow:
    return ProcessRow(
        pid=process.pid,
        state="live",
        cpu=per_second(used_s, seconds),
        resident_bytes=process.resident_memory_bytes,
        threads=process.threads,
        open_fds=process.open_fds,
        age_s=_age(process.start_time_seconds, now),
    )


def _with_segment(row: ProcessRow | None, segment: Segment, now: Look) -> ProcessRow:
    """What is known of a process, with what its segment tells."""
    return dataclasses.replace(
        row or ProcessRow(segment.pid, segment.state, age_s=_age(segment.created_unix, now)),
        state=segment.state,
        segment_bytes=segment.bytes,
        version=None if segment.version is None else printable(segment.version),
    )


def _age(since_unix: float | None, now: Look) -> float | None:
    if not since_unix:
        return None
    return max(0.0, now.seen.answered_at.timestamp() - since_unix)
