"""Parses the Prometheus text format (0.0.4, and 1.0.0 with quoted names) into metric families.

Laxer than Prometheus itself: blanks, unknown comments and families out of order are taken as they come, so what parses
here may still be refused there. Milliseconds of the format's timestamps become seconds.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from toolvitals.prometheus._scanner import Scanner, number, unescape_help
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.samples import Sample

__all__ = ["parse_labels", "text_fd_to_metric_families", "text_string_to_metric_families"]

_MILLIS_PER_SECOND = 1000
_SUFFIXES = {"summary": ("", "_count", "_sum"), "histogram": ("_bucket", "_count", "_sum")}


def text_string_to_metric_families(text: str) -> Iterator[Metric]:
    """The families of a scrape. ValueError, with the line, for what cannot be read."""
    return text_fd_to_metric_families(io.StringIO(text))


def text_fd_to_metric_families(fd: Iterable[str]) -> Iterator[Metric]:
    """The families of an open text file, or of any iterable of lines; yielded as soon as they are complete."""
    family: _Family | None = None
    for raw in fd:
        line = raw.strip()
        if not line:
            continue
        if line.startswith("#"):
            found = _metadata(line)
            if found is None:
                continue
            keyword, name, text = found
            if family is None or family.name != name:
                if family is not None:
                    yield family.metric()
                # A help text of nothing ends the family before it.
                family = _Family(name) if name else None
            if family is not None:
                family.describe(keyword, text)
            continue
        sample = _sample(line)
        if family is None or not family.holds(sample.name):
            if family is not None:
                yield family.metric()
                family = None
            alone = Metric(sample.name, "", "unknown")
            alone.samples = [sample]
            yield alone
        else:
            family.samples.append(sample)
    if family is not None:
        yield family.metric()


def parse_labels(labels_string: str, openmetrics: bool = False) -> dict[str, str]:
    """The labels that stand between the braces of a line; a metric's quoted name among them is `__name__`.

    ValueError for what cannot be read; with `openmetrics` also for a comma with no label behind it.
    """
    name, labels = Scanner(f"{labels_string}}}", strict=openmetrics).labels()
    return labels if name is None else {"__name__": name, **labels}


class _Family:
    """What is known of the family that is being read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.samples: list[Sample] = []
        self._help = ""
        self._type = "untyped"

    def describe(self, keyword: str, text: str) -> None:
        if keyword == "HELP":
            self._help = text
        else:
            self._type = text

    def holds(self, sample_name: str) -> bool:
        return any(sample_name == self.name + suffix for suffix in _SUFFIXES.get(self._type, ("",)))

    def metric(self) -> Metric:
        if self._type != "counter":
            metric = Metric(self.name, self._help, self._type)
            metric.samples = self.samples
        else:
            # OpenMetrics' way, which Metric follows: the family without `_total`, the samples with it.
            metric = Metric(self.name.removesuffix("_total"), self._help, "counter")
            if metric.name == self.name:
                metric.samples = [sample._replace(name=f"{sample.name}_total") for sample in self.samples]
            else:
                metric.samples = self.samples
        return metric


def _metadata(line: str) -> tuple[str, str, str] | None:
    """Keyword, family and text of a HELP or TYPE line; None for any other comment."""
    scanner = Scanner(line, strict=False)
    # What stands next to the number sign is a comment, whatever it says.
    if scanner.word() != "#":
        return None
    scanner.blanks()
    keyword = scanner.word()
    scanner.blanks()
    if keyword not in ("HELP", "TYPE"):
        return None
    if keyword == "HELP" and not scanner.rest:
        return keyword, "", ""
    name = scanner.metadata_name()
    scanner.blanks()
    if keyword == "TYPE":
        if not scanner.rest:
            raise scanner.fail("a type is missing")
        return keyword, name, scanner.rest
    return keyword, name, unescape_help(scanner.rest)


def _sample(line: str) -> Sample:
    scanner = Scanner(line, strict=False)
    name, labels = scanner.series()
    had_braces = scanner.line[scanner.at - 1] == "}"
    fields = scanner.rest.split()
    if not fields:
        raise scanner.fail("a value is missing")
    # Exemplars are passed over. What else has braces behind the value has lost its labels' place.
    if not had_braces and "{" in scanner.rest and " # " not in scanner.rest.partition("{")[0]:
        raise scanner.fail("labels behind a value")
    value = number(fields[0])
    return Sample(name, labels, value, _seconds(fields[-1]) if len(fields) > 1 else None)


def _seconds(text: str) -> float:
    try:
        return number(text) / _MILLIS_PER_SECOND
    except OverflowError:
        raise ValueError(f"a timestamp of {len(text)} digits") from None
