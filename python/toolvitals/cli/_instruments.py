"""Rows of what is no tool and no cache: the operations that a metrics server counts, and all other instruments."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping

from toolvitals.catalogue import find
from toolvitals.cli._rows import Look, ToolRow, per_second, seconds_between, since
from toolvitals.cli._words import grouped, printable
from toolvitals.snapshot import Family, Histogram, Series, Snapshot, Summary

__all__ = ["InstrumentRow", "OperationRow", "instrument_rows", "operation_rows", "received_lines"]

# The families that `toolvitals serve` adds operations up to, and what it tells of itself.
_OPERATIONS = "operations"
_DURATIONS = "operation_duration_seconds"
_BYTES = "operation_bytes"
_LINES = "toolvitals_ipc_lines"
_OF_OPERATIONS = frozenset({_OPERATIONS, _DURATIONS, _BYTES, "operation_object_size_bytes"})
_TYPE, _OUTCOME = "operation_type", "outcome"
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
    """One row for each type of operation, whatever its other labels, in the snapshot's order."""
    families = now.snapshot.families
    if not _has_operations(families):
        return []
    seconds = seconds_between(now, before)
    outcomes = _sums(families.get(_OPERATIONS), (_TYPE, _OUTCOME))
    delta = since(now, before)
    grown = {} if delta is None else _sums(delta.families.get(_OPERATIONS), (_TYPE,))
    sizes = _sums(families.get(_BYTES), (_TYPE,))
    durations = _durations(families.get(_DURATIONS))
    rows = []
    for (name,), calls in _sums(families.get(_OPERATIONS), (_TYPE,)).items():
        errors = outcomes.get((name, "error"), 0)
        found = durations.get(name)
        rows.append(
            OperationRow(
                name=printable(name),
                calls=calls,
                rate=per_second(grown.get((name,)), seconds),
                success_rate=(calls - errors) / calls if calls else None,
                errors=errors,
                in_progress=0,
                oldest_s=None,
                p50_ms=_quantile_ms(found, 0.5),
                p95_ms=_quantile_ms(found, 0.95),
                p99_ms=_quantile_ms(found, 0.99),
                top_error=None,
                bytes=sizes.get((name,), 0),
            )
        )
    return rows


def instrument_rows(now: Look, before: Look | None) -> list[InstrumentRow]:
    """One row for each other family, by name. What toolvitals tells of itself is none."""
    seconds = seconds_between(now, before)
    snapshot, delta = now.snapshot, since(now, before)
    with_operations = _has_operations(snapshot.families)
    return [
        _instrument(family, None if delta is None else delta.families[name], seconds)
        for name, family in sorted(snapshot.families.items())
        if not _is_own(name, snapshot.namespace) and not (name in _OF_OPERATIONS and with_operations)
    ]


def received_lines(snapshot: Snapshot) -> dict[str, int]:
    """What became of the lines that a metrics server was sent, by result; empty where there is no such server."""
    return {result: lines for (result,), lines in _sums(snapshot.families.get(_LINES), ("result",)).items()}


def _is_own(name: str, namespace: str) -> bool:
    """Whether a family tells of tools, caches, processes or toolvitals itself. What a metrics server adds up is told
    apart by its labels, for others have families of such names too."""
    family = find(name, namespace)
    return name.startswith("toolvitals_") or (family is not None and family.group != "operations")


def _has_operations(families: Mapping[str, Family]) -> bool:
    """Whether the family `operations` is that of a metrics server: others may have one of that name too."""
    found = families.get(_OPERATIONS)
    return found is not None and any({_TYPE, _OUTCOME} <= set(series.labels) for series in found.series)


def _instrument(family: Family, grown: Family | None, seconds: float | None) -> InstrumentRow:
    value, rate, mean = None, None, None
    if family.type == "counter" or family.type in _COUNTED:
        total = _total(family.series)
        rate = per_second(None if grown is None else _total(grown.series), seconds)
        value = _shown(total)
        if family.type in _COUNTED and total:
            mean = math.fsum(_sum(series) for series in family.series) / total
    elif family.type in ("gauge", "unknown"):
        value = _range([one.value for one in family.series if isinstance(one.value, (int, float))])
    return InstrumentRow(printable(family.name), family.type, len(family.series), value, rate, mean)


def _range(values: list[float]) -> str | None:
    values = [float(value) for value in values if math.isfinite(value)]
    if not values:
        return None
    low, high = min(values), max(values)
    return _shown(low) if low == high else f"{_shown(low)} to {_shown(high)}"


def _shown(value: float) -> str:
    """A whole number in groups, another with the digits that matter."""
    return grouped(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def _total(series: Iterable[Series]) -> float:
    """What counters counted, or how many observations there are."""
    return math.fsum(_counted(one) for one in series)


def _counted(series: Series) -> float:
    value = series.value
    if isinstance(value, (Histogram, Summary)):
        return value.count
    return value if isinstance(value, (int, float)) and math.isfinite(value) else 0.0


def _sum(series: Series) -> float:
    value = series.value
    found = value.sum if isinstance(value, (Histogram, Summary)) else None
    return found if found is not None and math.isfinite(found) else 0.0


def _sums(family: Family | None, labels: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """The whole values of a counter's series, added up by what they have in the labels."""
    sums: dict[tuple[str, ...], int] = {}
    for series in () if family is None else family.series:
        key = tuple(str(series.labels.get(label, "")) for label in labels)
        sums[key] = sums.get(key, 0) + (series.value if isinstance(series.value, int) else 0)
    return sums


def _durations(family: Family | None) -> dict[str, Histogram]:
    """The durations by type of operation, those of its series in one."""
    found: dict[str, Histogram] = {}
    for series in () if family is None else family.series:
        if isinstance(series.value, Histogram):
            name = str(series.labels.get(_TYPE, ""))
            found[name] = _added(found[name], series.value) if name in found else series.value
    return found


def _added(one: Histogram, other: Histogram) -> Histogram:
    """Both in one; their bounds are alike, since they are of one family."""
    if one.bounds != other.bounds:
        return one
    buckets = tuple(a + b for a, b in zip(one.buckets, other.buckets, strict=True))
    return dataclasses.replace(one, buckets=buckets)


def _quantile_ms(histogram: Histogram | None, q: float) -> float | None:
    seconds = None if histogram is None else histogram.quantile(q)
    return None if seconds is None else 1000 * seconds
