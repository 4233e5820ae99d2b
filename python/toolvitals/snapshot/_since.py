"""What was counted between two snapshots. Pure functions.

A count is the same one as before unless it began anew in between: its series was made, or everything was zeroed, after
the time at which it began before; or it is smaller than it was. What began anew counts from zero, so all of it is new.
The wall clock may be set back meanwhile: `Between` says what can be told of a time that is earlier than it was.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from toolvitals.snapshot._values import (
    CacheStats,
    Family,
    FrozenDict,
    Histogram,
    NativeHistogram,
    ProcessStats,
    Series,
    Summary,
    ToolStats,
    Value,
)

__all__ = ["Between", "cache_since", "family_since", "gone_from", "process_since", "tool_since"]

# Families that count; of all others there is only what is.
_COUNTED = frozenset({"counter", "histogram", "summary"})


@dataclass(frozen=True, slots=True)
class Between:
    """What is known of the time between two snapshots.

    Attributes:
        restarted: whether everything began anew.
        seen_until_s: Unix time in seconds; what was made then or later was made after the earlier snapshot, by the
            clock of when it was taken or by that of now.
    """

    restarted: bool
    seen_until_s: float

    def began_anew(self, now_s: float, before_s: float) -> bool:
        """Whether a count is another one than before, by since when either is counted.

        One that is made of several may become older, when another one with a longer past is added to it; so earlier
        is only another one where nobody can have seen it before.
        """
        return self.restarted or now_s > before_s or (now_s < before_s and now_s >= self.seen_until_s)


def tool_since(now: ToolStats, before: ToolStats | None) -> ToolStats:
    """The tool's calls in between. Windows and calls in progress are as they are now."""
    if before is None:
        return now
    durations = _histogram_since(now.durations, before.durations)
    errors = _counts_since(now.error_types, before.error_types)
    outcomes = [
        getattr(now, name) - getattr(before, name) for name in ("successful_calls", "failed_calls", "cancelled_calls")
    ]
    if durations is None or errors is None or min(outcomes) < 0:
        return now
    return replace(
        now,
        successful_calls=outcomes[0],
        failed_calls=outcomes[1],
        cancelled_calls=outcomes[2],
        total_latency_ms=max(0.0, now.total_latency_ms - before.total_latency_ms),
        error_types=errors,
        durations=durations,
    )


def cache_since(now: CacheStats, before: CacheStats | None) -> CacheStats:
    """What was asked of the cache in between."""
    if before is None:
        return now
    counts = {
        name: getattr(now, name) - getattr(before, name) for name in ("hits", "misses", "evictions", "size_rejections")
    }
    return now if min(counts.values()) < 0 else replace(now, **counts)


def process_since(now: ProcessStats, before: ProcessStats | None) -> ProcessStats:
    """What the process used in between: its `cpu_seconds`. All else is as it is now."""
    if before is None:
        return now
    return replace(now, cpu_seconds=max(0.0, now.cpu_seconds - before.cpu_seconds))


def family_since(now: Family, before: Family | None, between: Between) -> Family:
    """The family with what its series counted in between; with the values of now where it counts nothing."""
    if before is None or before.type != now.type or now.type not in _COUNTED:
        return now
    old = {_identity(series): series for series in before.series}
    return replace(
        now,
        series=tuple(_series_since(series, old.get(_identity(series)), between) for series in now.series),
    )


def gone_from(now: Family | None, before: Family) -> tuple[Mapping[str, Any], ...]:
    """The labels, or the attributes, of series that there were, and that there are no more."""
    there = frozenset() if now is None else frozenset(map(_identity, now.series))
    return tuple(_known_by(series) for series in before.series if _identity(series) not in there)


def _known_by(series: Series) -> Mapping[str, Any]:
    return series.labels if series.attributes is None else series.attributes


def _identity(series: Series) -> Hashable:
    """What no two series of a family share: 1, 1.0, True and "1" are four values."""
    return series.attributes is None, frozenset((name, _typed(value)) for name, value in _known_by(series).items())


def _typed(value: Any) -> Hashable:
    if isinstance(value, tuple):
        return tuple(map(_typed, value))
    # All NaN are one value, and none of them equals another.
    return type(value), None if value != value else value


def _series_since(now: Series, before: Series | None, between: Between) -> Series:
    if before is None or between.began_anew(now.created_s or 0.0, before.created_s or 0.0):
        return now
    value = _value_since(now.value, before.value)
    return now if value is None else replace(now, value=value)


def _value_since(now: Value, before: Value) -> Value | None:
    """None where it is another one than before."""
    if isinstance(now, Histogram) and isinstance(before, Histogram):
        return _histogram_since(now, before)
    if isinstance(now, Summary) and isinstance(before, Summary):
        if now.count < before.count:
            return None
        return replace(now, count=now.count - before.count, sum=_sum_since(now.sum, before.sum))
    if isinstance(now, (int, float)) and isinstance(before, (int, float)) and now >= before:
        return now - before
    return None


def _histogram_since(now: Histogram, before: Histogram) -> Histogram | None:
    buckets = tuple(new - old for new, old in zip(now.buckets, before.buckets, strict=False))
    if now.bounds != before.bounds or len(now.buckets) != len(before.buckets) or min(buckets, default=0) < 0:
        return None
    native = None
    if now.native is not None and before.native is not None:
        native = _native_since(now.native, before.native)
    if (native is None) != (now.native is None):
        return None
    return Histogram(now.bounds, buckets, _sum_since(now.sum, before.sum), native)


def _sum_since(now: float | None, before: float | None) -> float | None:
    return now if now is None or before is None else now - before


def _native_since(now: NativeHistogram, before: NativeHistogram) -> NativeHistogram | None:
    # A histogram only ever becomes coarser, and its zero bucket wider, as it fills.
    if now.schema > before.schema or now.zero_threshold < before.zero_threshold:
        return None
    then = _widened(_coarser(before, now.schema), now.zero_threshold)
    positive = _counts_since(now.positive, then.positive)
    negative = _counts_since(now.negative, then.negative)
    zero = now.zero_count - then.zero_count
    if positive is None or negative is None or zero < 0:
        return None
    return NativeHistogram(now.schema, now.zero_threshold, zero, _occupied(positive), _occupied(negative))


def _coarser(histogram: NativeHistogram, schema: int) -> NativeHistogram:
    """The same in a schema that is coarser or equal. Schemas nest: two neighbours become one."""
    halvings = histogram.schema - schema

    def merged(buckets: Mapping[int, int]) -> FrozenDict[int, int]:
        found: dict[int, int] = {}
        for index, count in buckets.items():
            place = (index + (1 << halvings) - 1) >> halvings
            found[place] = found.get(place, 0) + count
        return FrozenDict(found)

    if not halvings:
        return histogram
    return replace(histogram, schema=schema, positive=merged(histogram.positive), negative=merged(histogram.negative))


def _widened(histogram: NativeHistogram, threshold: float) -> NativeHistogram:
    """The same with a zero bucket that reaches further; buckets that it reaches into become part of it."""
    if threshold == histogram.zero_threshold:
        return histogram

    def lies_outside(index: int) -> bool:
        exponent = (index - 1) * 2.0**-histogram.schema
        return exponent >= 1024 or 2.0**exponent >= threshold

    parts = [
        FrozenDict({index: count for index, count in buckets.items() if lies_outside(index)})
        for buckets in (histogram.positive, histogram.negative)
    ]
    left = sum(sum(part.values()) for part in parts)
    return NativeHistogram(histogram.schema, threshold, histogram.count - left, *parts)


def _counts_since(now: Mapping[Any, int], before: Mapping[Any, int]) -> FrozenDict[Any, int] | None:
    """None where one of them is smaller than before."""
    if any(now.get(key, 0) < count for key, count in before.items()):
        return None
    return FrozenDict({key: count - before.get(key, 0) for key, count in now.items()})


def _occupied(counts: Mapping[int, int]) -> FrozenDict[int, int]:
    return FrozenDict({index: count for index, count in counts.items() if count})
