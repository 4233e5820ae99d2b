"""What a table of metrics says, as values: rows from one look, and rates from two. Pure functions."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from toolvitals.cli._source import Reading, Segment
from toolvitals.cli._words import printable

__all__ = [
    "SORTS",
    "CacheRow",
    "Look",
    "ProcessRow",
    "ToolRow",
    "cache_rows",
    "count",
    "ended_processes",
    "increase",
    "number",
    "per_second",
    "process_rows",
    "seconds_between",
    "sorted_tools",
    "tool_rows",
]

_MAX_COUNT = 2**64
# Two looks that are closer than this say nothing of a rate.
_MIN_SECONDS = 1e-3


@dataclasses.dataclass(frozen=True)
class Look:
    """A reading, and when it was made by a clock that does not jump, in seconds."""

    reading: Reading
    at_s: float


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
    """One row for each tool, in the document's order; rates are since `before`."""
    seconds = seconds_between(now, before)
    old: Mapping[str, Any] = {} if before is None else before.reading.document["tools"]
    return [_tool(name, tool, old.get(name, {}), seconds) for name, tool in now.reading.document["tools"].items()]


def cache_rows(now: Look) -> list[CacheRow]:
    """One row for each cache, in the document's order."""
    return [
        CacheRow(
            printable(name),
            count(cache, "hits"),
            count(cache, "misses"),
            number(cache, "hit_rate"),
            count(cache, "evictions"),
        )
        for name, cache in now.reading.document["caches"].items()
    ]


def process_rows(now: Look, before: Look | None) -> list[ProcessRow]:
    """One row for each process that is known; of a folder also for those that ended and left a segment."""
    seconds = seconds_between(now, before)
    old = {} if before is None else {_identity(told): told for told in _told(before)}
    rows = {}
    for told in _told(now):
        rows[count(told, "pid")] = _process(told, old.get(_identity(told), {}), seconds, now)
    for segment in now.reading.segments or ():
        if segment.state in ("live", "dead"):
            rows[segment.pid] = _with_segment(rows.get(segment.pid), segment, now)
    return sorted(rows.values(), key=lambda row: (row.state != "live", row.pid))


def ended_processes(reading: Reading) -> int:
    """How many processes of the service have ended, as far as their counts are shown."""
    if reading.of_folder:
        return reading.retired_processes
    return count(_object(reading.document["toolvitals"], "processes"), "retired")


def sorted_tools(rows: Iterable[Row], sort: str, reverse: bool = False) -> list[Row]:
    """The rows by one of SORTS, and by name where that is equal. Rows without the value stand last."""
    by_name = sorted(rows, key=lambda row: row.name, reverse=reverse and sort == "name")
    value = SORTS[sort]
    if value is None:
        return by_name
    known = [(found, row) for row in by_name if (found := value(row)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=not reverse)
    return [row for _, row in known] + [row for row in by_name if value(row) is None]


def increase(now: int, before: int) -> int:
    """What a counter grew by. One that is smaller than before began anew, as that of a process that was restarted."""
    return now - before if now >= before else now


def seconds_between(now: Look, before: Look | None) -> float | None:
    """The time between two looks; None where there is one, or where they are too close to say anything of a rate."""
    seconds = None if before is None else now.at_s - before.at_s
    return None if seconds is None or seconds < _MIN_SECONDS else seconds


def per_second(increased: float, seconds: float | None) -> float | None:
    """What grew by so much within so many seconds, in one; None where the time is not known."""
    return None if seconds is None else increased / seconds


def count(values: Mapping[str, Any], key: str) -> int:
    """A whole number of a document, 0 where there is none."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return 0
    return min(value, _MAX_COUNT)


def number(values: Mapping[str, Any], key: str) -> float | None:
    """A number of a document, None where there is none."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # An int of a document may be too large for a float.
    return float(value) if -_MAX_COUNT <= value <= _MAX_COUNT else None


def _tool(name: str, tool: Mapping[str, Any], old: Mapping[str, Any], seconds: float | None) -> ToolRow:
    oldest_ms = number(tool, "oldest_in_progress_ms")
    window = _object(tool, "latency_ms")
    return ToolRow(
        name=printable(name),
        calls=count(tool, "total_calls"),
        rate=per_second(increase(count(tool, "total_calls"), count(old, "total_calls")), seconds),
        success_rate=number(tool, "success_rate"),
        errors=count(tool, "failed_calls"),
        in_progress=count(tool, "in_progress"),
        oldest_s=None if oldest_ms is None else oldest_ms / 1000,
        p50_ms=number(window, "p50"),
        p95_ms=number(window, "p95"),
        p99_ms=number(window, "p99"),
        top_error=_most_frequent(_object(tool, "error_types")),
    )


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}


def _most_frequent(error_types: Mapping[str, Any]) -> str | None:
    """The type of which there were most; of two that are equal the first by name."""
    name = min(error_types, key=lambda name: (-count(error_types, name), name), default=None)
    return None if name is None else printable(name)


def _told(look: Look) -> list[Mapping[str, Any]]:
    """The processes that a document describes; of a folder, without the process that reads it."""
    system = look.reading.document["system"]
    several = system.get("processes")
    if not isinstance(several, list) or not several:
        several = [system.get("process")]
    told: list[Mapping[str, Any]] = [one for one in several if isinstance(one, dict) and count(one, "pid")]
    return [one for one in told if one["pid"] != os.getpid()] if look.reading.of_folder else told


def _identity(told: Mapping[str, Any]) -> tuple[int, float | None]:
    """What no two processes share: numbers are used again."""
    return count(told, "pid"), number(told, "start_time_seconds")


def _process(told: Mapping[str, Any], old: Mapping[str, Any], seconds: float | None, now: Look) -> ProcessRow:
    used, used_before = number(told, "cpu_seconds"), number(old, "cpu_seconds")
    return ProcessRow(
        pid=count(told, "pid"),
        state="live",
        cpu=None if used is None or used_before is None else per_second(max(used - used_before, 0.0), seconds),
        resident_bytes=count(told, "resident_memory_bytes") or None,
        threads=count(told, "threads") or None,
        open_fds=count(told, "open_fds") or None,
        age_s=_age(number(told, "start_time_seconds"), now),
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
    return max(0.0, now.reading.answered_at.timestamp() - since_unix)
