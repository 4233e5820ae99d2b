"""The check of label sets, tools, caches and types of error for which there was no room, and of the limit to blame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from toolvitals.cli._facts import Facts, Finding
from toolvitals.cli._instruments import received_lines
from toolvitals.cli._rows import count
from toolvitals.cli._words import byte_size, count_of, grouped, printable

__all__ = ["check_overflow"]

_BUSIEST_SHOWN = 3
_OVERFLOW = "overflow"
_NEARLY_FULL = 0.9
# Families of tools and caches, which are no instruments.
_OF_NAMES = re.compile(r"(?:\w+_)?(?:tool_calls|cache_requests)")
# How many label sets a metrics server keeps of a metric that it is sent (cpp/ingest/ingest_limits.h).
_MAX_SENT_SERIES = 1000


class Limit(NamedTuple):
    """The limit that was reached, as far as can be told from outside: what is known of it, and how to raise it."""

    text: str
    advice: str


def check_overflow(facts: Facts) -> Iterator[Finding]:
    """Label sets, tools, caches and types of error for which there was no room."""
    document = facts.reading.document
    found = [
        *_overflowed_families(facts),
        *_overflowed_names(facts),
        *_overflowed_errors(document["tools"]),
    ]
    yield from found or [Finding("overflow", "ok", "There was room for every label set.")]


def _overflowed_families(facts: Facts) -> Iterator[Finding]:
    document = facts.reading.document
    overflow = _object(document["toolvitals"], "overflow")
    for family in overflow:
        if family not in document["metrics"] and _OF_NAMES.fullmatch(family):
            continue  # These are told of by the names that did not find room.
        told = _object(overflow, family)
        values = _object(told, "distinct_values")
        blamed = max(values, key=lambda label: count(values, label), default=None)
        limit = _limit_of(facts, family)
        text = f"{count_of(count(told, 'records'), 'record')} of {printable(family)} found no room for their labels."
        text += f" {limit.text}"
        if blamed is not None:
            text += f" The label {printable(blamed)} has {count_of(count(values, blamed), 'different value')}."
        busiest = told.get("busiest")
        refused = [one for one in busiest if isinstance(one, dict)] if isinstance(busiest, list) else []
        if refused:
            shown = ", ".join(
                f"{printable(str(one.get('label')))}={printable(str(one.get('value')), 40)}"
                for one in refused[:_BUSIEST_SHOWN]
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
    """Which limit it was. A process does not tell its limits, so they are judged by those of this environment."""
    own = facts.reading.document["toolvitals"]
    max_series, memory = facts.limits.max_series, facts.limits.memory_bytes
    has = f"{printable(family)} has {count_of(_label_sets(facts, family), 'label set')}"
    if facts.reading.of_folder or count(_object(own, "processes"), "live") > 1:
        return Limit(
            f"{has} in all processes together, and limits are of each.",
            f"raise its max_series, METRICS_MAX_SERIES ({grouped(max_series)} in this environment) or "
            f"METRICS_MEMORY_LIMIT_MB ({byte_size(memory)})",
        )
    if _reached(count(own, "series"), max_series):
        return Limit(
            f"All families together have the {grouped(max_series)} label sets that METRICS_MAX_SERIES allows.",
            "raise METRICS_MAX_SERIES",
        )
    if _NEARLY_FULL * memory <= count(own, "memory_bytes") <= memory:
        return Limit(
            f"All families together take {byte_size(count(own, 'memory_bytes'))} of the {byte_size(memory)} that "
            "METRICS_MEMORY_LIMIT_MB allows.",
            "raise METRICS_MEMORY_LIMIT_MB",
        )
    if received_lines(facts.reading.document) and _reached(_label_sets(facts, family), _MAX_SENT_SERIES):
        return Limit(
            f"A metrics server keeps {grouped(_MAX_SENT_SERIES)} label sets of a metric that it is sent.",
            "send what belongs to one thing under fewer names",
        )
    return Limit(
        f"{has}, which is its limit (max_series), or the process has another METRICS_MAX_SERIES than the "
        f"{grouped(max_series)} of this environment.",
        "raise its max_series, or the METRICS_MAX_SERIES of the process",
    )


def _reached(series: int, limit: int) -> bool:
    """Whether that many are as many as the limit allows: each family may have one for the overflow on top."""
    return limit <= series <= limit + max(limit // 10, 2)


def _label_sets(facts: Facts, family: str) -> int:
    """How many a family has, without that of the overflow."""
    series = _object(facts.reading.document["metrics"], family).get("series")
    if not isinstance(series, list):
        return 0
    return sum(1 for one in series if isinstance(one, dict) and "otel_metric_overflow" not in _object(one, "labels"))


def _overflowed_names(facts: Facts) -> Iterator[Finding]:
    limits = facts.limits
    for part, key, noun, plural in (
        ("tools", "total_calls", "call", "calls of tools"),
        ("caches", "total_requests", "request", "requests to caches"),
    ):
        records = count(_object(facts.reading.document[part], _OVERFLOW), key)
        if records:
            what = f"1 {noun}" if records == 1 else f"{grouped(records)} {plural}"
            yield Finding(
                "overflow",
                "warning",
                f"{what} went to the common series {_OVERFLOW}, because there was no room for more names.",
                f"Name {part} by what they are and not by what they are asked, or raise METRICS_MAX_SERIES "
                f"({grouped(limits.max_series)} in this environment) or METRICS_MEMORY_LIMIT_MB "
                f"({byte_size(limits.memory_bytes)}). (Some of your {part} may also be named {_OVERFLOW}, which is "
                "then no fault.)",
            )


def _overflowed_errors(tools: Mapping[str, Any]) -> Iterator[Finding]:
    names = sorted(name for name in tools if count(_object(tools[name], "error_types"), _OVERFLOW))
    if names:
        shown = ", ".join(printable(name) for name in names[:_BUSIEST_SHOWN])
        yield Finding(
            "overflow",
            "warning",
            f"There are more types of error than are told apart: {count_of(len(names), 'tool')} ({shown}).",
            "Give the name of the exception's class as error_type, and not the error's text.",
        )


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}
