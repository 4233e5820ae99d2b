"""The metrics as a table: what the endpoint says, and the rates between two readings of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from toolvitals.snapshot import CacheStats, Family, Histogram, Snapshot, ToolStats

__all__ = ["MetricsTable", "workers_table"]


class MetricsTable:
    """Turns successive readings into tables."""

    def __init__(self) -> None:
        self._calls: dict[str, int] = {}
        self._read_at = time.monotonic()

    def render(self, metrics: Snapshot) -> RenderableType:
        """The tables of one reading; rates are per second since the reading before."""
        now = time.monotonic()
        seconds = now - self._read_at
        tools = self._tools(metrics.tools, seconds)
        self._calls = {name: tool.total_calls for name, tool in metrics.tools.items()}
        self._read_at = now
        return Group(tools, _caches(metrics.caches), _business(metrics.families))

    def _tools(self, tools: Mapping[str, ToolStats], seconds: float) -> Table:
        table = _table("Tools", "tool")
        for heading in ("calls", "per s", "p50 ms", "p95 ms", "p99 ms", "errors", "cancelled", "in flight", "oldest s"):
            table.add_column(heading, justify="right", no_wrap=True)
        for name, tool in sorted(tools.items()):
            latency = tool.latency_ms
            table.add_row(
                Text(name),
                str(tool.total_calls),
                _rate(tool.total_calls - self._calls.get(name, 0), seconds),
                *(_milliseconds(value) for value in (latency.p50, latency.p95, latency.p99)),
                _marked(tool.failed_calls, "red"),
                _marked(tool.cancelled_calls, "yellow"),
                _marked(tool.in_progress, "cyan"),
                _seconds(tool.oldest_in_progress_ms),
            )
        return table


def workers_table(rows: Sequence[tuple[str, str, str, str]], facts: str) -> RenderableType:
    """The workers as (place, process, state, for how many seconds), above a line of facts about all of them."""
    table = _table("Workers", "worker")
    table.add_column("pid", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("for s", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return Group(table, Text(f" {facts}\n"))


def _caches(caches: Mapping[str, CacheStats]) -> Table:
    table = _table("Caches", "cache")
    for heading in ("requests", "hit rate", "evictions"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, cache in sorted(caches.items()):
        rate = cache.hit_rate
        shown = "-" if rate is None else f"{rate:.1%}"
        table.add_row(Text(name), str(cache.total_requests), shown, str(cache.evictions))
    return table


def _business(families: Mapping[str, Family]) -> Table:
    table = _table("What it found", "search")
    for heading in ("places", "packages", "sources read", "median bytes"):
        table.add_column(heading, justify="right", no_wrap=True)
    places: dict[str, list[int]] = {}
    for series in families["demo_found"].series if "demo_found" in families else ():
        assert isinstance(series.value, int)
        places.setdefault(series.labels["search"], []).append(series.value)
    sizes = [series.value for series in families["demo_source_size_bytes"].series] if places else []
    read = [str(sizes[0].count), _median(sizes[0])] if sizes and isinstance(sizes[0], Histogram) else ["-", "-"]
    for search, counts in sorted(places.items()):
        table.add_row(Text(search), str(sum(counts)), str(len(counts)), *read)
        read = ["", ""]
    return table


def _median(histogram: Histogram) -> str:
    """The bound of the native histogram's bucket that half of the amounts do not exceed."""
    native = histogram.native
    if native is None or not histogram.count:
        return "-"
    left = histogram.count / 2 - native.zero_count
    for index, count in sorted(native.positive.items()):
        left -= count
        if left <= 0:
            return f"{2 ** (index * 2.0**-native.schema):.0f}"
    return "-"


def _table(title: str, first: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    return table


def _rate(calls: int, seconds: float) -> str:
    return f"{calls / seconds:.1f}" if seconds > 0 else "-"


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _seconds(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds / 1000:.1f}"


def _marked(count: int, style: str) -> str:
    return f"[{style}]{count}[/{style}]" if count else "0"
