"""The check of label sets, tools, caches and types of error for which there was no room, and of the limit to blame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from toolvitals.catalogue import find
from toolvitals.cli._facts import Facts, Finding
from toolvitals.cli._instruments import received_lines
from toolvitals.cli._words import byte_size, count_of, grouped, printable
from toolvitals.snapshot import ToolStats

__all__ = ["check_overflow"]

_BUSIEST_SHOWN = 3
_OVERFLOW = "overflow"
_NEARLY_FULL = 0.9
# How many label sets a metrics server keeps of a metric that it is sent (cpp/ingest/ingest_limits.h).
_MAX_SENT_SERIES = 1000


class Limit(NamedTuple):
    """The limit that was reached, as far as can be told from outside: what is known of it, and how to raise it."""

    text: str
    advice: str


def check_overflow(facts: Facts) -> Iterator[Finding]:
    """Label sets, tools, caches and types of error for which there was no room."""
    found = [
        *_overflowed_families(facts),
        *_overflowed_names(facts),
        *_overflowed_errors(facts.snapshot.tools),
    ]
    yield from found or [Finding("overflow", "ok", "There was room for every label set.")]


def _overflowed_families(facts: Facts) -> Iterator[Finding]:
    snapshot = facts.snapshot
    for family, overflow in snapshot.own.overflow.items():
        ours = find(family, snapshot.namespace)
        if ours is not None and ours.namespaced:
            continue  # These are told of by the names that did not find room.
        values = overflow.distinct_values
        blamed = max(values, key=lambda label: values[label], default=None)
        limit = _limit_of(facts, family)
        text = f"{count_of(overflow.records, 'record')} of {printable(family)} found no room for their labels."
        text += f" {limit.text}"
        if blamed is not None:
            text += f" The label {printable(blamed)} has {count_of(values[blamed], 'different value')}."
        if overflow.busiest:
            shown = ", ".join(
                f"{printable(one.label)}={printable(one.value, 40)}" for one in overflow.busiest[:_BUSIEST_SHOWN]
            )
            text += f" Refused most often: {shown}."
        yield Finding(
            "overflow",
            "warning",
            text,
            "Use labels with few values (a kind, not an id or a text), let series that nobody records into expire "
            f"(ttl_s), or {limit.advice}.",
        )


def _limit_of(facts: Facts, family: str) -> Limit:
    """Which limit it was, by what the process tells of its limits; one of another version may not."""
    own = facts.snapshot.own
    max_series, memory = own.limits.max_series, own.limits.memory_bytes
    has = f"{printable(family)} has {count_of(_label_sets(facts, family), 'label set')}"
    if facts.of_several:
        return Limit(
            f"{has} in all processes together, and limits are of each.",
            f"raise its max_series, METRICS_MAX_SERIES{_of(grouped(max_series), max_series)} or "
            f"METRICS_MEMORY_LIMIT_MB{_of(byte_size(memory), memory)}",
        )
    if max_series and own.series >= max_series:
        return Limit(
            f"All families together have the {grouped(max_series)} label sets that METRICS_MAX_SERIES allows.",
            "raise METRICS_MAX_SERIES",
        )
    if memory and own.memory_bytes >= _NEARLY_FULL * memory:
        return Limit(
            f"All families together take {byte_size(own.memory_bytes)} of the {byte_size(memory)} that "
            "METRICS_MEMORY_LIMIT_MB allows.",
            "raise METRICS_MEMORY_LIMIT_MB",
        )
    if received_lines(facts.snapshot) and _label_sets(facts, family) >= _MAX_SENT_SERIES:
        return Limit(
            f"A metrics server keeps {grouped(_MAX_SENT_SERIES)} label sets of a metric that it is sent.",
            "send what belongs to one thing under fewer names",
        )
    return Limit(f"{has}, which is its limit (max_series).", "raise its max_series")


def _of(shown: str, limit: int) -> str:
    return f" ({shown} in the process that answers)" if limit else ""


def _label_sets(facts: Facts, family: str) -> int:
    """How many a family has, without that of the overflow."""
    found = facts.snapshot.families.get(family)
    return 0 if found is None else sum(1 for series in found.series if "otel_metric_overflow" not in series.labels)


def _overflowed_names(facts: Facts) -> Iterator[Finding]:
    own, tools, caches = facts.snapshot.own, facts.snapshot.tools, facts.snapshot.caches
    calls = tools[_OVERFLOW].total_calls if _OVERFLOW in tools else 0
    requests = caches[_OVERFLOW].total_requests if _OVERFLOW in caches else 0
    for part, records, noun, plural in (
        ("tools", calls, "call", "calls of tools"),
        ("caches", requests, "request", "requests to caches"),
    ):
        if records:
            what = f"1 {noun}" if records == 1 else f"{grouped(records)} {plural}"
            yield Finding(
                "overflow",
                "warning",
                f"{what} went to the common series {_OVERFLOW}, because there was no room for more names.",
                f"Name {part} by what they are and not by what they are asked, or raise METRICS_MAX_SERIES"
                f"{_of(grouped(own.limits.max_series), own.limits.max_series)} or METRICS_MEMORY_LIMIT_MB"
                f"{_of(byte_size(own.limits.memory_bytes), own.limits.memory_bytes)}. (Some of your {part} may also be "
                f"named {_OVERFLOW}, which is then no fault.)",
            )


def _overflowed_errors(tools: Mapping[str, ToolStats]) -> Iterator[Finding]:
    names = sorted(name for name, tool in tools.items() if tool.error_types.get(_OVERFLOW))
    if names:
        shown = ", ".join(printable(name) for name in names[:_BUSIEST_SHOWN])
        yield Finding(
            "overflow",
            "warning",
            f"There are more types of error than are told apart: {count_of(len(names), 'tool')} ({shown}).",
            "Give the name of the exception's class as error_type, and not the error's text.",
        )
