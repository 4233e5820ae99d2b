"""Parses OpenMetrics 1.0.0 into metric families, and refuses what the specification forbids.

Native histograms of the draft of version 2.0.0 are read as well.

https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from toolvitals.prometheus._scanner import Scanner, number, unescape
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.openmetrics._family import Family
from toolvitals.prometheus.openmetrics._native import native_histogram
from toolvitals.prometheus.samples import Exemplar, Sample, Timestamp
from toolvitals.prometheus.validation import validate_exemplar

__all__ = ["text_fd_to_metric_families", "text_string_to_metric_families"]

_DECIMAL = re.compile(r"([+-]?\d+)\.(\d*)", re.ASCII)


def text_string_to_metric_families(text: str) -> Iterator[Metric]:
    """The families of a scrape. ValueError, with the line, for what the specification forbids."""
    return text_fd_to_metric_families(io.StringIO(text))


def text_fd_to_metric_families(fd: Iterable[str]) -> Iterator[Metric]:
    """The families of an open text file, or of any iterable of lines; yielded as soon as they are complete.

    What comes later may still be wrong: read to the end before you trust the first one.
    """
    names: set[str] = set()
    family: Family | None = None
    ended = False
    for raw in fd:
        line = raw.removesuffix("\n")
        if ended:
            raise ValueError(f"a line after # EOF: {line!r}")
        if line == "# EOF":
            ended = True
        elif line.startswith("#"):
            keyword, name, text = _metadata(line)
            if family is None or family.name != name:
                if family is not None:
                    yield family.metric(names)
                family = Family(name)
            family.describe(keyword, text, line)
        else:
            sample = _sample(line, family)
            if family is None or not family.holds(sample):
                if family is not None:
                    yield family.metric(names)
                family = Family(sample.name)
            family.add(sample, line)
    if family is not None:
        yield family.metric(names)
    if not ended:
        raise ValueError("# EOF is missing at the end")


def _metadata(line: str) -> tuple[str, str, str]:
    scanner = Scanner(line, strict=True)
    scanner.expect("#")
    scanner.spaces()
    keyword = scanner.word()
    if keyword not in ("HELP", "TYPE", "UNIT"):
        raise scanner.fail("not a HELP, TYPE or UNIT line")
    scanner.spaces()
    name = scanner.metadata_name()
    if keyword == "HELP":
        # Every further blank is the text's own.
        scanner.expect(" ")
        return keyword, name, unescape(scanner.rest)
    scanner.spaces()
    return keyword, name, scanner.rest


def _sample(line: str, family: Family | None) -> Sample:
    scanner = Scanner(line, strict=True)
    had_name = not line.startswith("{")
    name, labels = scanner.series()
    has_labels = scanner.line[scanner.at - 1] == "}" and (had_name or bool(labels))
    scanner.expect(" ")
    if family is not None and family.type == "histogram" and scanner.rest.startswith("{"):
        return _native_sample(scanner, name, labels if has_labels else None)
    value = number(scanner.word())
    timestamp = None
    if scanner.rest.startswith("  # "):
        scanner.take(" ")
    if scanner.rest and not scanner.rest.startswith(" # "):
        scanner.expect(" ")
        timestamp = _timestamp(scanner)
    exemplar = _exemplar(scanner) if scanner.rest else None
    return Sample(name, labels, value, timestamp, exemplar)


def _native_sample(scanner: Scanner, name: str, labels: Any) -> Sample:
    """As prometheus_client reads it: without value, time and exemplars, and labels None where no braces are."""
    native = native_histogram(scanner)
    if scanner.rest and not scanner.rest.startswith(" # "):
        scanner.expect(" ")
        _timestamp(scanner)
    while scanner.rest:
        _one_exemplar(scanner)
    nothing: Any = None
    return Sample(name, labels, nothing, native_histogram=native)


def _exemplar(scanner: Scanner) -> Exemplar:
    exemplar = _one_exemplar(scanner)
    if scanner.rest:
        raise scanner.fail(f"unexpected text at column {scanner.at + 1}")
    return exemplar


def _one_exemplar(scanner: Scanner) -> Exemplar:
    scanner.expect(" # ")
    labels = scanner.exemplar_labels()
    validate_exemplar(labels)
    scanner.expect(" ")
    value = number(scanner.word())
    timestamp = None
    if scanner.rest and not scanner.rest.startswith(" # "):
        scanner.expect(" ")
        timestamp = _timestamp(scanner)
    return Exemplar(labels, value, timestamp)


def _timestamp(scanner: Scanner) -> Timestamp | float:
    """Seconds, to the nanosecond where they are written as a decimal fraction."""
    text = scanner.word()
    decimal = _DECIMAL.fullmatch(text)
    if decimal:
        return Timestamp(int(decimal[1]), int(decimal[2][:9].ljust(9, "0")))
    value = number(text)
    if not math.isfinite(value):
        raise scanner.fail(f"invalid timestamp {text!r}")
    return Timestamp(value, 0) if isinstance(value, int) else value
