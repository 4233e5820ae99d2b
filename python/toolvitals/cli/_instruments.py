"""Rows of what is no tool and no cache: the operations that a metrics server counts, and all other instruments."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from toolvitals.cli._rows import Look, ToolRow, count, increase, number, per_second, seconds_between
from toolvitals.cli._words import grouped, printable

__all__ = ["InstrumentRow", "OperationRow", "bucket_quantile", "instrument_rows", "operation_rows", "received_lines"]

# The families that `toolvitals serve` adds operations up to, and what it tells of itself.
_OPERATIONS = "operations"
_DURATIONS = "operation_duration_seconds"
_BYTES = "operation_bytes"
_LINES = "toolvitals_ipc_lines"
_OF_OPERATIONS = frozenset({_OPERATIONS, _DURATIONS, _BYTES, "operation_object_size_bytes"})
_TYPE, _OUTCOME = "operation_type", "outcome"
_OWN = "toolvitals_"
_COUNTED = frozenset({"histogram", "gaugehistogram", "summary"})


@dataclasses.dataclass(frozen=True)
class OperationRow(ToolRow):
    """A type of operation. As of a tool; percentiles are estimated from buckets. `bytes` is the sum of the sizes."""

    bytes: int = 0


@dataclasses.dataclass(frozen=True)
class InstrumentRow:
    """A family of instruments. `value` is the sum of a counter, the value or the range of a gauge, the observations of
    what has any; `rate` is what these grew by in a second, `mean` the mean of all observations."""

    name: str
    type: str
    series: int
    value: str | None
    rate: float | None
    mean: float | None


def operation_rows(now: Look, before: Look | None) -> list[OperationRow]:
    """One row for each type of operation, whatever its other labels, in the document's order."""
    if not _has_operations(now):
        return []
    seconds = seconds_between(now, before)
    outcomes = _sums(now, _OPERATIONS, (_TYPE, _OUTCOME))
    old: Mapping[tuple[str, ...], int] = {} if before is None else _sums(before, _OPERATIONS, (_TYPE,))
    sizes = _sums(now, _BYTES, (_TYPE,))
    buckets = _buckets(now)
    rows = []
    for (name,), calls in _sums(now, _OPERATIONS, (_TYPE,)).items():
        errors = outcomes.get((name, "error"), 0)
        found = buckets.get(name, {})
        rows.append(
            OperationRow(
                name=printable(name),
                calls=calls,
                rate=per_second(increase(calls, old.get((name,), 0)), seconds),
                success_rate=(calls - errors) / calls if calls else None,
                errors=errors,
                in_progress=0,
                oldest_s=None,
                p50_ms=_milliseconds(bucket_quantile(found, 0.5)),
                p95_ms=_milliseconds(bucket_quantile(found, 0.95)),
                p99_ms=_milliseconds(bucket_quantile(found, 0.99)),
                top_error=None,
                bytes=sizes.get((name,), 0),
            )
        )
    return rows


def instrument_rows(now: Look, before: Look | None) -> list[InstrumentRow]:
    """One row for each other family, by name. What toolvitals tells of itself is none."""
    seconds = seconds_between(now, before)
    return [
        _instrument(name, family, _family(before, name), seconds)
        for name, family in sorted(now.reading.document["metrics"].items())
        if not name.startswith(_OWN) and not (name in _OF_OPERATIONS and _has_operations(now))
    ]


def received_lines(document: Mapping[str, Any]) -> dict[str, int]:
    """What became of the lines that a metrics server was sent, by result; empty where there is no such server."""
    lines: dict[str, int] = {}
    for series in _series(document["metrics"].get(_LINES)):
        result = _label(series, "result")
        lines[result] = lines.get(result, 0) + count(series, "value")
    return lines


def bucket_quantile(cumulative: Mapping[float, int], q: float) -> float | None:
    """The quantile 0 < q < 1 as Prometheus' histogram_quantile() estimates it: evenly spread within a bucket.

    `cumulative` is how many observations are at most a bound, by bound, with infinity. None without an observation.
    """
    total = max(cumulative.values(), default=0)
    low, below = 0.0, 0
    for bound in sorted(cumulative):
        here = cumulative[bound]
        if total and here >= q * total:
            if math.isinf(bound):
                return low
            if bound <= 0 or here <= below:
                return bound
            return low + (bound - low) * (q * total - below) / (here - below)
        low, below = bound, here
    return None


def _has_operations(look: Look) -> bool:
    """Whether the family `operations` is that of a metrics server: others may have one of that name too."""
    return any({_TYPE, _OUTCOME} <= set(_object(series, "labels")) for series in _series(_family(look, _OPERATIONS)))


def _instrument(
    name: str, family: Mapping[str, Any], old: Mapping[str, Any] | None, seconds: float | None
) -> InstrumentRow:
    kind = str(family.get("type", "unknown"))
    series = _series(family)
    value, rate, mean = None, None, None
    if kind == "counter" or kind in _COUNTED:
        key = "value" if kind == "counter" else "count"
        total = _total(series, key)
        grown = total - (0.0 if old is None else _total(_series(old), key))
        # A counter that is smaller than before began anew.
        rate = per_second(grown if grown >= 0 else total, seconds)
        value = _shown(total)
        if kind in _COUNTED and total:
            mean = _total(series, "sum") / total
    elif kind in ("gauge", "unknown"):
        value = _range([found for one in series if (found := number(one, "value")) is not None])
    return InstrumentRow(printable(name), printable(kind), len(series), value, rate, mean)


def _range(values: list[float]) -> str | None:
    if not values:
        return None
    low, high = min(values), max(values)
    return _shown(low) if low == high else f"{_shown(low)} to {_shown(high)}"


def _shown(value: float) -> str:
    """A whole number in groups, another with the digits that matter."""
    return grouped(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def _total(series: Iterable[Mapping[str, Any]], key: str) -> float:
    return math.fsum(number(one, key) or 0.0 for one in series)


def _sums(look: Look, name: str, labels: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """The values of a counter's series, added up by what they have in the labels."""
    sums: dict[tuple[str, ...], int] = {}
    for series in _series(_family(look, name)):
        key = tuple(_label(series, label) for label in labels)
        sums[key] = sums.get(key, 0) + count(series, "value")
    return sums


def _buckets(look: Look) -> dict[str, dict[float, int]]:
    """The cumulative buckets of the durations by type of operation."""
    found: dict[str, dict[float, int]] = {}
    for series in _series(_family(look, _DURATIONS)):
        buckets = found.setdefault(_label(series, _TYPE), {})
        for bound, here in _bounds(_object(series, "buckets")):
            buckets[bound] = buckets.get(bound, 0) + here
    return found


def _bounds(buckets: Mapping[str, Any]) -> Iterator[tuple[float, int]]:
    for text in buckets:
        try:
            bound = float(text)
        except ValueError:
            continue
        if not math.isnan(bound):
            yield bound, count(buckets, text)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _family(look: Look | None, name: str) -> Mapping[str, Any] | None:
    if look is None:
        return None
    family: Mapping[str, Any] | None = look.reading.document["metrics"].get(name)
    return family


def _series(family: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    series = None if family is None else family.get("series")
    return [one for one in series if isinstance(one, dict)] if isinstance(series, list) else []


def _label(series: Mapping[str, Any], name: str) -> str:
    return str(_object(series, "labels").get(name, ""))


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}
