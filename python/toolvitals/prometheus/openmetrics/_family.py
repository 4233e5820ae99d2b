"""One family while it is read: what the specification demands of its metadata, its samples and their order."""

from __future__ import annotations

import math

from toolvitals.prometheus.metrics_core import METRIC_TYPES, SAMPLE_SUFFIXES, Metric
from toolvitals.prometheus.openmetrics._histogram import check_histogram
from toolvitals.prometheus.samples import Sample, Timestamp

__all__ = ["Family"]

_NEVER_NAN = ("_total", "_sum", "_count", "_bucket", "_gcount", "_gsum")
_NEVER_NEGATIVE = ("_total", "_sum", "_count", "_bucket", "_gcount")
_WHOLE = ("_bucket", "_count", "_gcount")
_EXEMPLARS = {"histogram": "_bucket", "gaugehistogram": "_bucket", "counter": "_total"}

Labels = tuple[tuple[str, str], ...]


class Family:
    """A family's name, metadata and samples. ValueError, with the line, where a rule is broken."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._metadata: dict[str, str] = {}
        self._samples: list[Sample] = []
        self._group: Labels | None = None
        self._group_time: Timestamp | float | None = None
        self._groups: set[Labels] = set()
        self._series_now: set[tuple[str, Labels]] = set()

    @property
    def type(self) -> str:
        """The type, unknown where none was given."""
        return self._metadata.get("TYPE", "unknown")

    def describe(self, keyword: str, text: str, line: str) -> None:
        """Takes a HELP, TYPE or UNIT line."""
        if self._samples:
            raise ValueError(f"metadata after samples: {line!r}")
        if keyword in self._metadata:
            raise ValueError(f"a second {keyword}: {line!r}")
        if keyword == "TYPE" and text not in METRIC_TYPES:
            raise ValueError(f"unknown type {text!r}: {line!r}")
        self._metadata[keyword] = text

    def holds(self, sample: Sample) -> bool:
        """Whether the sample belongs to the family, by its name."""
        if sample.native_histogram is not None:
            return sample.name == self.name
        return any(sample.name == self.name + suffix for suffix in SAMPLE_SUFFIXES.get(self.type, ("",)))

    def add(self, sample: Sample, line: str) -> None:
        """Takes a sample that the family holds."""
        if sample.native_histogram is not None:
            if self.type != "histogram":
                raise ValueError(f"a native histogram of another family: {line!r}")
            # It is a series by itself, and may stand anywhere among the classic ones.
            self._samples.append(sample)
            return
        self._check_value(sample, line)
        self._check_labels(sample, line)
        suffix = sample.name[len(self.name) :]
        if sample.exemplar is not None and suffix != _EXEMPLARS.get(self.type, "none"):
            raise ValueError(f"only buckets and counters have exemplars: {line!r}")
        if self._enter_group(sample, line):
            self._samples.append(sample)

    def metric(self, names: set[str]) -> Metric:
        """The finished family; its names are added to those that are taken."""
        unit = self._metadata.get("UNIT", "")
        if unit and not self.name.endswith(f"_{unit}"):
            raise ValueError(f"the name of {self.name!r} does not end in its unit {unit!r}")
        if unit and self.type in ("info", "stateset"):
            raise ValueError(f"{self.name!r}: a family of type {self.type} has no unit")
        taken = {self.name, *(self.name + suffix for suffix in SAMPLE_SUFFIXES.get(self.type, ()))}
        if not taken.isdisjoint(names):
            raise ValueError(f"{self.name!r} clashes with a family before it: {sorted(taken & names)}")
        names |= taken
        if self.type in ("histogram", "gaugehistogram"):
            check_histogram(self.name, [sample for sample in self._samples if sample.native_histogram is None])
        metric = Metric(self.name, self._metadata.get("HELP", ""), self.type, unit)
        metric.samples = self._samples
        return metric

    def _check_value(self, sample: Sample, line: str) -> None:
        suffix = sample.name[len(self.name) :]
        value = sample.value
        if suffix in _NEVER_NAN and math.isnan(value):
            raise ValueError(f"a count or a sum cannot be NaN: {line!r}")
        if suffix in _NEVER_NEGATIVE and value < 0:
            raise ValueError(f"a count or a sum cannot be negative: {line!r}")
        if suffix in _WHOLE and not isinstance(value, int) and not value.is_integer():
            raise ValueError(f"a count must be whole: {line!r}")
        if self.type == "stateset" and value not in (0, 1):
            raise ValueError(f"a state is 0 or 1: {line!r}")
        if self.type == "info" and value != 1:
            raise ValueError(f"an info is 1: {line!r}")
        if self.type == "summary" and suffix == "" and value < 0:
            raise ValueError(f"a quantile of a summary cannot be negative: {line!r}")

    def _check_labels(self, sample: Sample, line: str) -> None:
        suffix = sample.name[len(self.name) :]
        if self.type == "stateset" and self.name not in sample.labels:
            raise ValueError(f"a state has the family's name as a label: {line!r}")
        if suffix == "_bucket" and not _is_bound(sample.labels.get("le", "NaN")):
            raise ValueError(f"invalid le: {line!r}")
        if self.type == "summary" and suffix == "" and not _is_quantile(sample.labels.get("quantile", "NaN")):
            raise ValueError(f"invalid quantile: {line!r}")

    def _enter_group(self, sample: Sample, line: str) -> bool:
        """Checks the order of groups and timestamps; False for a repetition at the same instant, which is dropped."""
        bucket = f"{self.name}_bucket"
        # The samples that a label set has several of, and the label that tells them apart.
        within = {
            "histogram": (bucket, "le"),
            "gaugehistogram": (bucket, "le"),
            "summary": (self.name, "quantile"),
            "stateset": (self.name, self.name),
        }
        named, own = within.get(self.type, ("", ""))
        if sample.name != named:
            own = ""
        labels = tuple(sorted(sample.labels.items()))
        # Different facts of an info are one group: they follow each other in time.
        group: Labels = () if self.type == "info" else tuple(item for item in labels if not own or item[0] != own)
        if group != self._group:
            if group in self._groups:
                raise ValueError(f"the samples of a label set do not stand together: {line!r}")
            self._groups.add(group)
            self._series_now = set()
        elif (sample.timestamp is None) != (self._group_time is None):
            raise ValueError(f"a label set with and without timestamps: {line!r}")
        elif sample.timestamp is not None and self.type != "info" and _is_before(sample.timestamp, self._group_time):
            raise ValueError(f"time runs backwards: {line!r}")
        repeated = sample.timestamp == self._group_time and (sample.name, labels) in self._series_now
        self._series_now.add((sample.name, labels))
        self._group = group
        self._group_time = sample.timestamp
        return not repeated


def _is_before(time: Timestamp | float, other: Timestamp | float | None) -> bool:
    if other is None:
        return False
    if isinstance(time, Timestamp) and isinstance(other, Timestamp):
        return time < other
    try:
        return float(time) < float(other)
    except OverflowError:
        raise ValueError(f"a timestamp that is out of range: {time}, after {other}") from None


def _is_bound(text: str) -> bool:
    """Whether it is a number that may bound a bucket; infinity has one spelling only."""
    try:
        value = float(text)
    except ValueError:
        return False
    return not math.isnan(value) and (value != math.inf or text == "+Inf")


def _is_quantile(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
