"""Families and their values: frozen, without a link to where they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from typing import Any, Literal, NoReturn, TypeVar

__all__ = [
    "AttributeValue",
    "CacheStats",
    "CollectorStats",
    "Exemplar",
    "Family",
    "FamilyType",
    "FrozenDict",
    "GcStats",
    "Histogram",
    "LabelValue",
    "Limits",
    "NativeHistogram",
    "Overflow",
    "OwnStats",
    "ProcessStats",
    "PythonStats",
    "RefusedLabel",
    "Series",
    "States",
    "Summary",
    "ToolStats",
    "Value",
    "WindowStats",
]

Key = TypeVar("Key")
Item = TypeVar("Item")
Kind = TypeVar("Kind")

# What a label can hold. Labels of Prometheus' kind are strings.
LabelValue = Any
FamilyType = Literal["counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"]


class FrozenDict(dict[Key, Item]):
    """A dict that nobody changes: equal to a dict with the same items, and hashable where its values are."""

    __slots__ = ()

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("the values of a snapshot cannot be changed: make a dict of them first")

    __setitem__ = __delitem__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse
    __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)


def _by_fields(kind: type[Kind]) -> type[Kind]:
    """Has values of a dataclass compared as tuples of their fields, in which a NaN is equal to itself.

    So do dataclasses up to CPython 3.12; later ones compare field by field. Every NaN of a snapshot is `math.nan`.
    """
    fields = attrgetter(*vars(kind)["__match_args__"])

    def equal(self: Any, other: object) -> bool:
        return fields(self) == fields(other) if other.__class__ is kind else NotImplemented

    kind.__eq__ = equal  # type: ignore[method-assign]
    return kind


@_by_fields
@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation that stands for others. `timestamp_s` is Unix time in seconds, None where it is not known."""

    labels: Mapping[str, LabelValue]
    value: float
    timestamp_s: float | None = None


@dataclass(frozen=True, slots=True)
class NativeHistogram:
    """Counts in buckets that grow exponentially, in the terms of Prometheus' native histograms.

    Bucket `i` of `positive` counts what is in (base^(i-1), base^i], with base = 2^(2^-schema) and a schema of -4 to 8;
    `negative` counts the same by absolute value. What is at most `zero_threshold` from zero is in `zero_count`. Buckets
    without a count are left out; infinities are in the one behind that of the largest double.
    """

    schema: int
    zero_threshold: float
    zero_count: int
    positive: Mapping[int, int]
    negative: Mapping[int, int]

    @property
    def count(self) -> int:
        """All observations that are in a bucket, which NaN is not."""
        return self.zero_count + sum(self.positive.values()) + sum(self.negative.values())


@_by_fields
@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations, counted in buckets.

    `bounds` are upper bounds, ascending and without +Inf, in the unit of the family; `buckets` are counts, not
    cumulative, one more than there are bounds: the last is that of +Inf. Both are empty where there are native buckets
    alone. `sum` is of what was observed, None where none is kept.
    """

    bounds: tuple[float, ...]
    buckets: tuple[int, ...]
    sum: float | None
    native: NativeHistogram | None = None

    @property
    def count(self) -> int:
        """How many observations there are."""
        classic = sum(self.buckets)
        return classic if self.native is None else max(classic, self.native.count)

    @property
    def mean(self) -> float | None:
        """Of all observations; None without one."""
        count = self.count
        return None if self.sum is None or not count else self.sum / count

    def cumulative(self) -> tuple[int, ...]:
        """How many observations are at most each bound, and +Inf: what the text formats show."""
        return tuple(accumulate(self.buckets))

    def quantile(self, q: float) -> float | None:
        """The quantile 0 < q < 1 as Prometheus' `histogram_quantile()` estimates it from the classic buckets.

        Observations are taken to be evenly spread within a bucket; one in the bucket of +Inf gives the highest bound.
        None without an observation. The error is at most the width of a bucket.
        """
        counts = self.cumulative()
        if not counts or not counts[-1]:
            return None
        rank = q * counts[-1]
        low, below = 0.0, 0
        for bound, here in zip((*self.bounds, math.inf), counts, strict=True):
            if here >= rank:
                if math.isinf(bound):
                    return low
                if bound <= 0 or here <= below:
                    return bound
                return low + (bound - low) * (rank - below) / (here - below)
            low, below = bound, here
        return None


@_by_fields
@dataclass(frozen=True, slots=True)
class Summary:
    """Observations without buckets. `quantiles` are values by quantile, 0 to 1, where the summary keeps any."""

    count: int
    sum: float | None
    quantiles: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class States:
    """The states that a series of a state set can be in, each with whether it is."""

    states: Mapping[str, bool]

    @property
    def active(self) -> tuple[str, ...]:
        """Those it is in; of an Enum one."""
        return tuple(state for state, is_on in self.states.items() if is_on)


Value = int | float | Histogram | Summary | States

# What an attribute can hold: OpenTelemetry's types, arrays as tuples of values of one type.
AttributeValue = str | bool | int | float | tuple[str, ...] | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...]


@_by_fields
@dataclass(frozen=True, slots=True)
class Series:
    """One label set of a family, and what it has.

    `value` is an int where a counter, a gauge or an unknown was counted in whole numbers, else a float; a `Histogram`,
    a `Summary` or `States` by the type of the family; 1 of an info, whose facts are labels. `created_s` is since when
    it is counted, `timestamp_s` when the value was taken where that was before the snapshot: both Unix time in seconds,
    None where it is not known.

    `attributes` are what the labels of an open family's series were made of, by their own keys and with their types,
    ints of 64 bits; None in a closed family, whose label names are fixed. 1, 1.0, True and "1" are four series, two of
    which may have the same labels: attributes tell them apart.
    """

    labels: Mapping[str, LabelValue]
    value: Value
    created_s: float | None = None
    timestamp_s: float | None = None
    exemplars: tuple[Exemplar, ...] = ()
    attributes: Mapping[str, AttributeValue] | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: all series of one name, which is without the `_total` of a counter and the `_info` of an info.

    `unit` is empty, or what the name ends with after an underscore.
    """

    name: str
    type: FamilyType
    unit: str
    help: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class WindowStats:
    """Statistics of a sliding window, in milliseconds.

    `mean`, `min` and `max` are None without a sample, `stddev` (of a sample, with n-1) and the percentiles with fewer
    than two. Percentiles are those of `statistics.quantiles()`, bit for bit.
    """

    count: int
    mean: float | None = None
    stddev: float | None = None
    min: float | None = None
    max: float | None = None
    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class ToolStats:
    """A tool. Names ending in `_ms` are in milliseconds; `durations` has all calls ever, in seconds.

    `oldest_in_progress_ms` is for how long the oldest running call has been running, None where none runs;
    `latency_ms` has the window of the last calls, `first_item_ms` that of the times to a generator's first item, None
    for other tools. `error_types` are failed calls by type; those without a type are in `failed_calls` alone.
    """

    tool_name: str
    successful_calls: int
    failed_calls: int
    cancelled_calls: int
    in_progress: int
    oldest_in_progress_ms: float | None
    total_latency_ms: float
    latency_ms: WindowStats
    first_item_ms: WindowStats | None
    error_types: Mapping[str, int]
    durations: Histogram

    @property
    def total_calls(self) -> int:
        """Finished calls."""
        return self.successful_calls + self.failed_calls + self.cancelled_calls

    @property
    def success_rate(self) -> float | None:
        """0 to 1, of the finished calls; None before the first."""
        return self.successful_calls / self.total_calls if self.total_calls else None

    @property
    def avg_latency_ms(self) -> float | None:
        """Over all finished calls; None before the first."""
        return self.total_latency_ms / self.total_calls if self.total_calls else None


@dataclass(frozen=True, slots=True)
class CacheStats:
    """A cache."""

    cache_name: str
    hits: int
    misses: int
    evictions: int
    size_rejections: int

    @property
    def total_requests(self) -> int:
        """Hits and misses."""
        return self.hits + self.misses

    @property
    def hit_rate(self) -> float | None:
        """0 to 1; None before the first request."""
        return self.hits / self.total_requests if self.total_requests else None


@dataclass(frozen=True, slots=True)
class ProcessStats:
    """What the kernel says of a process; None where it does not tell. `start_time_seconds` is Unix time."""

    pid: int
    cpu_seconds: float
    resident_memory_bytes: int | None
    virtual_memory_bytes: int | None
    open_fds: int | None
    max_fds: int | None
    threads: int | None
    start_time_seconds: float | None


@dataclass(frozen=True, slots=True)
class GcStats:
    """A generation of the garbage collector, in the terms of `gc.get_stats()`; counted from the first `start()`."""

    collections: int
    collected: int
    uncollectable: int


@dataclass(frozen=True, slots=True)
class PythonStats:
    """The interpreter of the process that answers, of a directory that of the process which has lived longest.

    `gc` has all processes together, the youngest generation first.
    """

    version: str
    implementation: str
    gc: tuple[GcStats, ...]


@dataclass(frozen=True, slots=True)
class CollectorStats:
    """A custom collector, or a gauge's function, in the process that answers.

    `hangs` is how often it took longer than it may, `hanging_s` for how many seconds it has been running where that is
    longer than it may, `age_s` the seconds since it last succeeded, None where it never did.
    """

    failures: int
    hangs: int
    hanging_s: float | None
    age_s: float | None


@dataclass(frozen=True, slots=True)
class RefusedLabel:
    """A label value for which there was no room, `count` times; the count may be too high by `error`."""

    label: str
    value: str
    count: int
    error: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """A family that had no room for a label set.

    `records` went to its overflow series. `distinct_values` is how many values each label has: the one that explodes
    has nearly as many as there are series. `busiest` are the label values that were refused most often.
    """

    records: int
    distinct_values: Mapping[str, int]
    busiest: tuple[RefusedLabel, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process that answers was told: METRICS_MAX_SERIES, METRICS_MEMORY_LIMIT_MB in bytes, and
    METRICS_WINDOW_SIZE. 0 where it does not tell."""

    max_series: int
    memory_bytes: int
    window_size: int


@dataclass(frozen=True, slots=True)
class OwnStats:
    """How toolvitals itself is doing.

    `series` and `memory_bytes` are of the stores of all processes; `dropped_records` are by reason, every reason
    listed; `stale_reads` is how often values of collectors were shown that were too old. Of the processes that are
    shown, `live_processes` live and `retired_processes` have ended; `unshared_processes` are forked children that are
    not shown, since there was no room. `refused_segments` are files of the shared directory that are not read, by
    reason; `merge_conflicts` say how many processes define a family otherwise than the one shown, by family. `scrapes`
    were answered by endpoints, in `scrape_seconds` together.
    """

    version: str
    series: int
    memory_bytes: int
    dropped_records: Mapping[str, int]
    collectors: Mapping[str, CollectorStats]
    stale_reads: int
    overflow: Mapping[str, Overflow]
    live_processes: int
    retired_processes: int
    unshared_processes: int
    refused_segments: Mapping[str, int]
    merge_conflicts: Mapping[str, int]
    scrapes: int
    scrape_seconds: float
    limits: Limits
