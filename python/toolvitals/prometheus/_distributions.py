"""Summary and Histogram: amounts that are observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from toolvitals import _backend
from toolvitals.instruments import OVERFLOW_LABELS
from toolvitals.prometheus._parts import CoreValue, Part
from toolvitals.prometheus._wrapper import MetricWrapperBase, created_sample
from toolvitals.prometheus.context_managers import Timer
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry
from toolvitals.prometheus.samples import Exemplar, NativeHistogram, Sample
from toolvitals.prometheus.utils import INF, floatToGoString

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = ["Histogram", "Summary"]


def _whole(amount: float) -> int:
    """How many observations; ValueError for a part of one."""
    if int(amount) != amount:
        raise ValueError(f"observations are counted by whole numbers, not by {amount}")
    return int(amount)


class Summary(MetricWrapperBase, core.SummaryBase):
    """How many amounts were observed, and their sum.

    Beyond prometheus_client: with `quantiles` (whole thousandths, 0.001 to 0.999, ascending) the exact quantiles of the
    last `window_size` amounts (2 to 1,000,000), as Python's `statistics.quantiles(window, n=100)` computes them, or
    `n=1000` where they are no whole percents; `max_series` and `ttl_s` as a Counter has them.
    """

    _type = "summary"
    _reserved_labelnames = ("quantile",)

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Iterable[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        registry: CollectorRegistry | None = REGISTRY,
        _labelvalues: Sequence[str] | None = None,
        *,
        quantiles: Sequence[float] = (),
        window_size: int = 1000,
        max_series: int = 0,
        ttl_s: float = 0,
    ) -> None:
        super().__init__(
            name,
            documentation,
            labelnames,
            namespace,
            subsystem,
            unit,
            registry,
            _labelvalues,
            quantiles=tuple(quantiles),
            window_size=window_size if quantiles else 0,
            max_series=max_series,
            ttl_s=ttl_s,
        )

    def time(self) -> Timer:
        """Observes how long a `with` block or a call of a decorated function took, in seconds."""
        return Timer(self, "observe")

    def _row_samples(
        self, count: int, total: float, created: float, quantiles: list[tuple[float, float]]
    ) -> Iterator[Sample]:
        for quantile, value in quantiles:
            yield Sample("", {"quantile": floatToGoString(quantile)}, value)
        yield Sample("_count", {}, count)
        yield Sample("_sum", {}, total)
        yield from created_sample(created)

    def _count_value(self) -> CoreValue:
        return CoreValue(
            lambda: self._read()[0][1],
            lambda amount: self._add(_whole(amount), 0.0),
            lambda value: self._add(_whole(value) - self._read()[0][1], 0.0),
        )

    def _sum_value(self) -> CoreValue:
        return CoreValue(lambda: self._read()[0][2], lambda amount: self._add(0, amount), self._set_sum)

    _count: Any = Part(_count_value)
    _sum: Any = Part(_sum_value)
    _created: Any = Part(lambda self: self._read()[0][3])


class Histogram(MetricWrapperBase, core.HistogramBase):
    """Amounts counted by bucket, and their sum.

    `buckets` are upper bounds in ascending order; that of infinity may be left out. Beyond prometheus_client: beside
    them it keeps an exponential (Prometheus: native) histogram, which the protobuf format shows, unless `native` is
    false. Its bounds are powers of 2**(2**-native_schema), with the schema -4 to 8; when more than `native_max_buckets`
    (2 to 10,000) would be in use, the resolution halves. Amounts of at most `native_zero_threshold` count as zero.
    `max_series` and `ttl_s` are as a Counter's.
    """

    _type = "histogram"
    _reserved_labelnames = ("le",)
    DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, INF)

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Iterable[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        registry: CollectorRegistry | None = REGISTRY,
        _labelvalues: Sequence[str] | None = None,
        buckets: Sequence[float | str] = DEFAULT_BUCKETS,
        *,
        native: bool = True,
        native_schema: int = 3,
        native_max_buckets: int = 160,
        native_zero_threshold: float = 2.0**-128,
        max_series: int = 0,
        ttl_s: float = 0,
    ) -> None:
        bounds = [float(bound) for bound in buckets]
        if bounds != sorted(bounds):
            raise ValueError("Buckets not in sorted order")
        if bounds and bounds[-1] == INF:
            bounds.pop()
        if not bounds:
            raise ValueError("Must have at least two buckets")
        super().__init__(
            name,
            documentation,
            labelnames,
            namespace,
            subsystem,
            unit,
            registry,
            _labelvalues,
            bounds=tuple(bounds),
            native=native,
            native_schema=native_schema,
            native_max_buckets=native_max_buckets,
            native_zero_threshold=native_zero_threshold,
            max_series=max_series,
            ttl_s=ttl_s,
        )
        self._kwargs["buckets"] = buckets

    def time(self) -> Timer:
        """Observes how long a `with` block or a call of a decorated function took, in seconds."""
        return Timer(self, "observe")

    def _row_samples(
        self,
        counts: list[int],
        total: float,
        created: float,
        exemplars: dict[int, tuple[dict[str, str], float, float]],
    ) -> Iterator[Sample]:
        marked = {bucket: Exemplar(*exemplar) for bucket, exemplar in exemplars.items()}
        bounds = self._upper_bounds
        count = 0
        for i, (bound, in_bucket) in enumerate(zip(bounds, counts, strict=True)):
            count += in_bucket
            yield Sample("_bucket", {"le": floatToGoString(bound)}, count, None, marked.get(i))
        yield Sample("_count", {}, count)
        # A sum of amounts that may be negative is no counter, so there is none that could be taken for one.
        if bounds[0] >= 0:
            yield Sample("_sum", {}, total)
        yield from created_sample(created)

    def native_families(self) -> list[Metric]:
        """What collect() gives, with each native histogram before the buckets of its series."""
        families = self.collect()
        if self._written_by_core:
            for metric in families:
                metric.samples = list(self._with_natives(metric.samples))
        return families

    def _with_natives(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        natives = {}
        for values, *fields in self._read_natives():
            labels = OVERFLOW_LABELS if values is None else dict(zip(self._labelnames, values, strict=False))
            natives[frozenset(labels.items())] = Sample(self._name, labels, 0.0, None, None, NativeHistogram(*fields))
        for sample in samples:
            series = frozenset(item for item in sample.labels.items() if item[0] != "le")
            if series in natives:
                yield natives.pop(series)
            yield sample

    def _sum_value(self) -> CoreValue:
        return CoreValue(lambda: self._read()[0][2], lambda amount: self._add(0, 0, amount), self._set_sum)

    def _bucket_values(self) -> list[CoreValue]:
        return [self._bucket_value(i) for i in range(len(self._upper_bounds))]

    def _bucket_value(self, i: int) -> CoreValue:
        def count() -> int:
            in_bucket: int = self._read()[0][1][i]
            return in_bucket

        def exemplar() -> Exemplar | None:
            kept = self._read()[0][4].get(i)
            return Exemplar(*kept) if kept else None

        return CoreValue(
            count,
            lambda amount: self._add(i, _whole(amount), 0.0),
            lambda value: self._add(i, _whole(value) - count(), 0.0),
            exemplar,
            lambda new: self._keep_exemplar(i, new.value, dict(new.labels)),
        )

    _upper_bounds: Any = Part(lambda self: [*self._bounds, INF], of_parents=True)
    _sum: Any = Part(_sum_value)
    _buckets: Any = Part(_bucket_values)
    _created: Any = Part(lambda self: self._read()[0][3])
