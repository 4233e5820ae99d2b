"""A snapshot, and what was counted between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

from toolvitals.snapshot._since import Between, cache_since, family_since, gone_from, process_since, tool_since
from toolvitals.snapshot._values import (
    CacheStats,
    Family,
    FrozenDict,
    LabelValue,
    Limits,
    OwnStats,
    ProcessStats,
    PythonStats,
    ToolStats,
)

__all__ = ["ByName", "Delta", "Snapshot", "empty", "made_of"]

Item = TypeVar("Item")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class ByName(Mapping[str, Item]):
    """Things by name, made when one of them is first looked at: who wants tools alone does not pay for families. What
    they are made of is of the instant of the snapshot. Nothing in it changes. Thread-safe."""

    __slots__ = ("_items", "_load")

    def __init__(self, load: Callable[[], Mapping[str, Item]]) -> None:
        """`load` is called once; by threads that look at the same time once each, and they find the same."""
        self._load: Callable[[], Mapping[str, Item]] | None = load
        self._items: Mapping[str, Item] = FrozenDict()

    def _all(self) -> Mapping[str, Item]:
        load = self._load
        if load is not None:
            self._items = load()
            # Only now, so that no other thread takes the empty ones for all.
            self._load = None
        return self._items

    def __getitem__(self, name: str) -> Item:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __hash__(self) -> int:
        return hash(self._all())

    def __reduce__(self) -> tuple[Any, ...]:
        return _kept, (FrozenDict(self._all()),)


def _kept(items: Mapping[str, Item]) -> ByName[Item]:
    return ByName(lambda: items)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a service looked like at one instant. Thread-safe, as nothing in it ever changes; it can be pickled.

    Tools and caches are read one after the other, so figures of two of them belong to instants that differ by
    microseconds; what is derived from one tool agrees.

    Attributes:
        taken_at: when, in UTC, by the clock of the machine that was asked.
        created_s: since when what is shown is counted, Unix time in seconds: the beginning of the first process, or the
            last `reset()`.
        uptime_s: seconds since the process that answers began to record; of a directory, that of the process which has
            lived longest.
        namespace: METRICS_NAMESPACE, which the names of families of tools and caches begin with; often empty.
        tools, caches: by name.
        families: by name, without the `_total` of a counter and the `_info` of an info: those of instruments and
            collectors, and those of tools, caches, processes, the interpreter and toolvitals itself.
        processes: those that live, by number. What the system does not tell of a process is None.
        python: the interpreter; None where there is none.
        own: how toolvitals itself is doing.
    """

    taken_at: datetime
    created_s: float
    uptime_s: float
    namespace: str
    tools: Mapping[str, ToolStats]
    caches: Mapping[str, CacheStats]
    families: Mapping[str, Family]
    processes: tuple[ProcessStats, ...]
    python: PythonStats | None
    own: OwnStats

    def since(self, before: Snapshot) -> Delta:
        """What was counted after `before`, an earlier snapshot of the same service."""
        between = _between(self, before)
        return Delta(
            before_at=before.taken_at,
            taken_at=self.taken_at,
            restarted=between.restarted,
            tools=FrozenDict(
                (name, tool_since(tool, None if between.restarted else before.tools.get(name)))
                for name, tool in self.tools.items()
            ),
            caches=FrozenDict(
                (name, cache_since(cache, None if between.restarted else before.caches.get(name)))
                for name, cache in self.caches.items()
            ),
            families=ByName(lambda: _families_since(self, before, between)),
            processes=_processes_since(self.processes, before.processes),
            gone=ByName(lambda: _gone(self, before)),
        )


@dataclass(frozen=True, slots=True)
class Delta:
    """What was counted between two snapshots of a service.

    A count that began anew in between, since its process was started again without a directory, its series was removed
    and came back, or somebody called `reset()`, is there with all that it has counted since then; so the deltas of
    snapshots that follow each other add up to the total. With a directory the counts of processes that end are kept,
    and nothing begins anew. What a series counted between the last snapshot and its end nobody has seen.

    What is no count is as it is in the later snapshot: gauges, windows, calls in progress, percentiles.

    Attributes:
        before_at, taken_at: when the two were taken, in UTC.
        restarted: whether everything began anew in between, by a restart or a reset.
        tools, caches: by name.
        families: by name; the series of counters, histograms and summaries have what they counted in between.
        processes: those that live now; their `cpu_seconds` are what they used in between.
        gone: the labels of series that there are no more, by family.
    """

    before_at: datetime
    taken_at: datetime
    restarted: bool
    tools: Mapping[str, ToolStats]
    caches: Mapping[str, CacheStats]
    families: Mapping[str, Family]
    processes: tuple[ProcessStats, ...]
    gone: Mapping[str, tuple[Mapping[str, LabelValue], ...]]

    @property
    def seconds(self) -> float:
        """The time between the two, by the wall clock: below zero where that was set back."""
        return (self.taken_at - self.before_at).total_seconds()


def made_of(
    taken_us: int,
    created_s: float,
    uptime_s: float,
    namespace: str,
    tools: Callable[[], Mapping[str, ToolStats]],
    caches: Mapping[str, CacheStats],
    families: Callable[[], Mapping[str, Family]],
    processes: tuple[ProcessStats, ...],
    python: PythonStats | None,
    own: OwnStats,
) -> Snapshot:
    """A snapshot of its parts, as the core gives them: the time in microseconds, functions for tools and families."""
    return Snapshot(
        taken_at=_EPOCH + timedelta(microseconds=taken_us),
        created_s=created_s,
        uptime_s=uptime_s,
        namespace=namespace,
        tools=ByName(tools),
        caches=caches,
        families=ByName(families),
        processes=processes,
        python=python,
        own=own,
    )


def empty(version: str) -> Snapshot:
    """What there is where nothing is recorded, by toolvitals of that version: a snapshot in which there is nothing."""
    nothing: FrozenDict[str, Any] = FrozenDict()
    return Snapshot(
        taken_at=datetime.now(timezone.utc),
        created_s=0.0,
        uptime_s=0.0,
        namespace="",
        tools=nothing,
        caches=nothing,
        families=nothing,
        processes=(),
        python=None,
        own=OwnStats(
            version=version,
            series=0,
            memory_bytes=0,
            dropped_records=nothing,
            collectors=nothing,
            stale_reads=0,
            overflow=nothing,
            live_processes=0,
            retired_processes=0,
            unshared_processes=0,
            refused_segments=nothing,
            merge_conflicts=nothing,
            scrapes=0,
            scrape_seconds=0.0,
            limits=Limits(max_series=0, memory_bytes=0, window_size=0),
        ),
    )


def _between(now: Snapshot, before: Snapshot) -> Between:
    are_alone = _is_alone(now.own) and _is_alone(before.own)
    # A process alone says another time only where it is another process, or was reset, whatever the clock shows.
    restarted = now.created_s > before.created_s or (are_alone and now.created_s != before.created_s)
    seen_until_s = before.taken_at.timestamp()
    if are_alone and not restarted:
        # By the clock of now, which may have been set back: the time that went by is told by the one that never is.
        seen_until_s = min(seen_until_s, now.taken_at.timestamp() - (now.uptime_s - before.uptime_s))
    return Between(restarted, seen_until_s)


def _is_alone(own: OwnStats) -> bool:
    return own.live_processes == 1 and own.retired_processes == 0


def _families_since(now: Snapshot, before: Snapshot, between: Between) -> FrozenDict[str, Family]:
    return FrozenDict(
        (name, family_since(family, before.families.get(name), between)) for name, family in now.families.items()
    )


def _processes_since(now: tuple[ProcessStats, ...], before: tuple[ProcessStats, ...]) -> tuple[ProcessStats, ...]:
    # Numbers of processes are used again.
    old = {(process.pid, process.start_time_seconds): process for process in before}
    return tuple(process_since(process, old.get((process.pid, process.start_time_seconds))) for process in now)


def _gone(now: Snapshot, before: Snapshot) -> FrozenDict[str, tuple[Mapping[str, LabelValue], ...]]:
    gone = ((name, gone_from(now.families.get(name), family)) for name, family in before.families.items())
    return FrozenDict((name, labels) for name, labels in gone if labels)
