"""A native histogram where a number would stand, as prometheus_client writes it by the draft of OpenMetrics 2.0.0."""

from __future__ import annotations

import re
from collections.abc import Mapping

from toolvitals.prometheus._scanner import Scanner, number
from toolvitals.prometheus.samples import BucketSpan, NativeHistogram

__all__ = ["native_histogram"]

# A name, and a list or a number. Fields of later drafts are passed over, so a list may hold anything.
_FIELD = re.compile(r" *(\w+): *(?:\[([^\]]*)\]|([^,}\[\] ]+)) *", re.ASCII)
_NUMBERS = ("count", "sum", "schema", "zero_threshold", "zero_count")
_COUNTS = ("count", "zero_count")
_INTEGERS = (*_COUNTS, "schema")
_SPAN = re.compile(r"(-?\d+):(\d+)", re.ASCII)
_DELTA = re.compile(r"-?\d+", re.ASCII)


def native_histogram(scanner: Scanner) -> NativeHistogram:
    """Reads `{count:3,sum:4.5,schema:0,zero_threshold:0.001,zero_count:0,positive_spans:[0:2],...}`.

    ValueError, with the line, where a field is missing, given twice, or no such number.
    """
    numbers, lists = _fields(scanner)
    for name in _NUMBERS:
        if name not in numbers:
            raise scanner.fail(f"a native histogram has no {name}")
    for name in _INTEGERS:
        if not isinstance(numbers[name], int):
            raise scanner.fail(f"the {name} of a native histogram must be whole")
    if min(numbers[name] for name in _COUNTS) < 0:
        raise scanner.fail("a native histogram cannot count less than nothing")
    return NativeHistogram(
        count_value=numbers["count"],
        sum_value=float(numbers["sum"]),
        schema=int(numbers["schema"]),
        zero_threshold=float(numbers["zero_threshold"]),
        zero_count=numbers["zero_count"],
        pos_spans=_spans(scanner, lists.get("positive_spans")),
        neg_spans=_spans(scanner, lists.get("negative_spans")),
        pos_deltas=_deltas(scanner, lists.get("positive_deltas")),
        neg_deltas=_deltas(scanner, lists.get("negative_deltas")),
    )


def _fields(scanner: Scanner) -> tuple[Mapping[str, float], Mapping[str, str]]:
    """The numbers and the lists, by their names."""
    numbers: dict[str, float] = {}
    lists: dict[str, str] = {}
    scanner.expect("{")
    while True:
        field = scanner.match(_FIELD)
        if field is None:
            raise scanner.fail(f"expected a field of a native histogram at column {scanner.at + 1}")
        name, items, text = field.groups()
        if name in numbers or name in lists:
            raise scanner.fail(f"{name} is given twice")
        if items is not None:
            lists[name] = items
        elif name in _NUMBERS:
            numbers[name] = number(text)
        if scanner.take("}"):
            return numbers, lists
        scanner.expect(",")


def _spans(scanner: Scanner, text: str | None) -> tuple[BucketSpan, ...] | None:
    if not text:
        return None
    spans = [_SPAN.fullmatch(span) for span in text.split(",")]
    if None in spans:
        raise scanner.fail(f"invalid spans [{text}]")
    return tuple(BucketSpan(int(span[1]), int(span[2])) for span in spans if span is not None)


def _deltas(scanner: Scanner, text: str | None) -> tuple[int, ...] | None:
    if not text:
        return None
    deltas = text.split(",")
    if not all(map(_DELTA.fullmatch, deltas)):
        raise scanner.fail(f"invalid deltas [{text}]")
    return tuple(map(int, deltas))
