"""Metric families as custom collectors make them, and as the parsers return them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from toolvitals.prometheus.samples import Exemplar, NativeHistogram, Sample, Timestamp
from toolvitals.prometheus.validation import validate_metric_name

__all__ = [
    "METRIC_TYPES",
    "SAMPLE_SUFFIXES",
    "CounterMetricFamily",
    "GaugeHistogramMetricFamily",
    "GaugeMetricFamily",
    "HistogramMetricFamily",
    "InfoMetricFamily",
    "Metric",
    "StateSetMetricFamily",
    "SummaryMetricFamily",
    "UnknownMetricFamily",
    "UntypedMetricFamily",
    "with_unit",
]

METRIC_TYPES = ("counter", "gauge", "summary", "histogram", "gaugehistogram", "unknown", "info", "stateset")

# What follows the family's name in the names of its samples; nothing, where the type is not here.
SAMPLE_SUFFIXES = {
    "counter": ("_total", "_created"),
    "summary": ("", "_count", "_sum", "_created"),
    "histogram": ("_bucket", "_count", "_sum", "_created"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "info": ("_info",),
}

V = TypeVar("V")

Time = float | Timestamp | None
Bucket = tuple[str, float] | tuple[str, float, Exemplar]


def with_unit(name: str, unit: str) -> str:
    """The name, ending in the unit where there is one. TypeError for a unit that is no text."""
    if not unit:
        return name
    ending = "_" + unit
    return name if name.endswith(ending) else name + ending


class Metric:
    """A family: name, help text, type, unit, and its samples in order.

    The unit becomes the name's last part where it is not. ValueError for a bad name or an unknown type. Collectors
    should rather use the classes below, which name samples by the rules of their type. Not thread-safe.
    """

    def __init__(self, name: str, documentation: str, typ: str, unit: str = "") -> None:
        self.name = with_unit(name, unit)
        validate_metric_name(self.name)
        self.documentation = documentation
        self.unit = unit
        self.type = "unknown" if typ == "untyped" else typ
        if self.type not in METRIC_TYPES:
            raise ValueError(f"Invalid metric type: {typ!r}; allowed are {', '.join(METRIC_TYPES)}")
        self.samples: list[Sample] = []

    def add_sample(
        self,
        name: str,
        labels: dict[str, str],
        value: float,
        timestamp: Time = None,
        exemplar: Exemplar | None = None,
        native_histogram: NativeHistogram | None = None,
    ) -> None:
        """Appends a sample of any name."""
        self.samples.append(Sample(name, labels, value, timestamp, exemplar, native_histogram))

    def _restricted_metric(self, names: Collection[str]) -> Metric | None:
        """The family with only the samples of those names; None where none is left."""
        samples = [sample for sample in self.samples if sample.name in names]
        if not samples:
            return None
        restricted = Metric(self.name, self.documentation, self.type, self.unit)
        restricted.samples = samples
        return restricted

    def _identity(self) -> tuple[Any, ...]:
        return (self.name, self.documentation, self.type, self.unit, self.samples)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Metric) and self._identity() == other._identity()

    __hash__ = None  # type: ignore[assignment]  # samples may still be added

    def __repr__(self) -> str:
        return f"Metric({self.name}, {self.documentation}, {self.type}, {self.unit}, {self.samples})"


class _Family(Metric):
    """A family whose samples share label names. Either `labels` or values are given when it is made, not both."""

    _type: str

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] | None, unit: str, *, has_value: bool
    ) -> None:
        super().__init__(name, documentation, self._type, unit)
        if labels is not None and has_value:
            raise ValueError("Can only specify at most one of value and labels.")
        self._labelnames = () if labels is None else tuple(labels)

    def _labels(self, values: Sequence[str]) -> dict[str, str]:
        return dict(zip(self._labelnames, values, strict=False))

    def _add(self, suffix: str, labels: dict[str, str], value: float, timestamp: Time, **more: Any) -> None:
        self.samples.append(Sample(self.name + suffix, labels, value, timestamp, **more))


class _Simple(_Family):
    """A family of one number per label set, named as the family."""

    def __init__(
        self,
        name: str,
        documentation: str,
        value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        super().__init__(name, documentation, labels, unit, has_value=value is not None)
        if value is not None:
            self.add_metric([], value)

    def add_metric(self, labels: Sequence[str], value: float, timestamp: Time = None) -> None:
        """Adds the value of one label set: `labels` are the values, in the order of the names."""
        self._add("", self._labels(labels), value, timestamp)


class UnknownMetricFamily(_Simple):
    """Numbers of which it is not known what they are."""

    _type = "unknown"


UntypedMetricFamily = UnknownMetricFamily


class GaugeMetricFamily(_Simple):
    """Numbers that go up and down."""

    _type = "gauge"


class CounterMetricFamily(_Family):
    """Numbers that only go up. The name's `_total` may be given or left out."""

    _type = "counter"

    def __init__(
        self,
        name: str,
        documentation: str,
        value: float | None = None,
        labels: Sequence[str] | None = None,
        created: float | None = None,
        unit: str = "",
        exemplar: Exemplar | None = None,
    ) -> None:
        super().__init__(name.removesuffix("_total"), documentation, labels, unit, has_value=value is not None)
        if value is not None:
            self.add_metric([], value, created, exemplar=exemplar)

    def add_metric(
        self,
        labels: Sequence[str],
        value: float,
        created: float | None = None,
        timestamp: Time = None,
        exemplar: Exemplar | None = None,
    ) -> None:
        """Adds the value of one label set; `created` is the Unix time in seconds when it was zero."""
        self._add("_total", self._labels(labels), value, timestamp, exemplar=exemplar)
        if created is not None:
            self._add("_created", self._labels(labels), created, timestamp)


class SummaryMetricFamily(_Family):
    """How many observations there were, and their sum."""

    _type = "summary"

    def __init__(
        self,
        name: str,
        documentation: str,
        count_value: int | None = None,
        sum_value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        super().__init__(name, documentation, labels, unit, has_value=count_value is not None)
        if (count_value is None) != (sum_value is None):
            raise ValueError("count_value and sum_value must be provided together.")
        if count_value is not None and sum_value is not None:
            self.add_metric([], count_value, sum_value)

    def add_metric(self, labels: Sequence[str], count_value: int, sum_value: float, timestamp: Time = None) -> None:
        """Adds count and sum of one label set."""
        self._add("_count", self._labels(labels), count_value, timestamp)
        self._add("_sum", self._labels(labels), sum_value, timestamp)


class HistogramMetricFamily(_Family):
    """Observations by bucket.

    Buckets are (upper bound as text, cumulative count) or the same with an exemplar, ascending, the last one `+Inf`.
    """

    _type = "histogram"

    def __init__(
        self,
        name: str,
        documentation: str,
        buckets: Sequence[Bucket] | None = None,
        sum_value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        super().__init__(name, documentation, labels, unit, has_value=buckets is not None)
        if buckets is not None:
            self.add_metric([], buckets, sum_value)
        elif sum_value is not None:
            raise ValueError("sum value cannot be provided without buckets.")

    def add_metric(
        self,
        labels: Sequence[str],
        buckets: Sequence[Bucket],
        sum_value: float | None,
        timestamp: Time = None,
    ) -> None:
        """Adds one label set. Count and sum are left out where a bound is negative: a sum may then fall, which the
        format forbids."""
        for bound, count, *exemplar in buckets:
            self._add("_bucket", {**self._labels(labels), "le": bound}, count, timestamp, exemplar=(*exemplar, None)[0])
        if float(buckets[0][0]) >= 0 and sum_value is not None:
            self._add("_count", self._labels(labels), buckets[-1][1], timestamp)
            self._add("_sum", self._labels(labels), sum_value, timestamp)


class GaugeHistogramMetricFamily(_Family):
    """A distribution of what is there now: buckets may shrink."""

    _type = "gaugehistogram"

    def __init__(
        self,
        name: str,
        documentation: str,
        buckets: Sequence[tuple[str, float]] | None = None,
        gsum_value: float | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        super().__init__(name, documentation, labels, unit, has_value=buckets is not None)
        if buckets is not None:
            self.add_metric([], buckets, gsum_value)

    def add_metric(
        self,
        labels: Sequence[str],
        buckets: Sequence[tuple[str, float]],
        gsum_value: float | None,
        timestamp: Time = None,
    ) -> None:
        """Adds one label set, with buckets as for a histogram; without a sum where that is None."""
        for bound, count in buckets:
            self._add("_bucket", {**self._labels(labels), "le": bound}, count, timestamp)
        self._add("_gcount", self._labels(labels), buckets[-1][1], timestamp)
        if gsum_value is not None:
            self._add("_gsum", self._labels(labels), gsum_value, timestamp)


class _Facts(_Family, Generic[V]):
    """A family of one mapping per label set."""

    def __init__(
        self,
        name: str,
        documentation: str,
        value: Mapping[str, V] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        super().__init__(name, documentation, labels, "", has_value=value is not None)
        if value is not None:
            self.add_metric([], value)

    @abstractmethod
    def add_metric(self, labels: Sequence[str], value: Mapping[str, V], timestamp: Time = None) -> None:
        """Adds the mapping of one label set: `labels` are the values, in the order of the names."""


if TYPE_CHECKING:
    _Texts = _Facts[str]
    _Switches = _Facts[bool]
else:
    _Texts = _Switches = _Facts  # typing keeps what is subscripted, and with it a copy of the package that nobody uses


class InfoMetricFamily(_Texts):
    """Facts as labels, with the value 1."""

    _type = "info"

    def add_metric(self, labels: Sequence[str], value: Mapping[str, str], timestamp: Time = None) -> None:
        """Adds the facts of one label set."""
        self._add("_info", {**self._labels(labels), **value}, 1, timestamp)


class StateSetMetricFamily(_Switches):
    """States that are on or off, each a sample of 1 or 0 whose label of the family's name says which."""

    _type = "stateset"

    def add_metric(self, labels: Sequence[str], value: Mapping[str, bool], timestamp: Time = None) -> None:
        """Adds the states of one label set."""
        for state, enabled in sorted(value.items()):
            self._add("", {**self._labels(labels), self.name: state}, int(bool(enabled)), timestamp)
