"""What the instruments have in common: names, labels, a place in a registry, and being collected."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toolvitals import _backend
from toolvitals.prometheus.exemplars import use_opentelemetry_if_loaded
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry
from toolvitals.prometheus.samples import Sample
from toolvitals.prometheus.validation import validate_label_names, validate_metric_name

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = ["MetricWrapperBase", "Reading", "created_sample", "disable_created_metrics", "enable_created_metrics"]

_OVERFLOW_LABELS = {"otel_metric_overflow": "true"}

_use_created = os.environ.get("PROMETHEUS_DISABLE_CREATED_SERIES", "").lower() not in ("true", "1", "t")


def disable_created_metrics() -> None:
    """From here on counters, histograms and summaries are collected without their `_created` samples."""
    global _use_created
    _use_created = False


def enable_created_metrics() -> None:
    """From here on counters, histograms and summaries are collected with their `_created` samples."""
    global _use_created
    _use_created = True


def _full_name(typ: str, name: str, namespace: str, subsystem: str, unit: str) -> str:
    if not name:
        raise ValueError("Metric name should not be empty")
    full = "_".join(part for part in (namespace, subsystem, name) if part)
    if typ == "counter":
        full = full.removesuffix("_total")
    if unit and not full.endswith(f"_{unit}"):
        full = f"{full}_{unit}"
    if unit and typ in ("info", "stateset"):
        raise ValueError(f"Metric name is of a type that cannot have a unit: {full}")
    return full


class Reading:
    """One number of an instrument, under the name and with the methods that tests of other programs reach for."""

    __slots__ = ("_get", "_store")

    def __init__(self, get: Callable[[], float], store: Callable[[float], None] | None = None) -> None:
        self._get = get
        self._store = store

    def get(self) -> float:
        return self._get()

    def set(self, value: float) -> None:
        if self._store is None:
            raise AttributeError("this number can be read only")
        self._store(value)


class MetricWrapperBase(core.Instrument):
    """What the instruments have in common: a name, labels, and a place in a registry.

    The name is `namespace`, `subsystem`, `name` and `unit`, those that are given, joined by underscores. A metric with
    `labelnames` is recorded through `labels(...)`. It is shown by the `registry`, None for none.

    ValueError for bad names, for label names that are reserved, and for a name that the registry has already
    (DuplicateTimeseries, which carries the metric that has it). Thread-safe.
    """

    _type: str
    _reserved_labelnames: Sequence[str] = ()
    # Whether the core may write the family, since no class of the program's own has a say in it.
    _written_by_core = True

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if not cls.__module__.startswith("toolvitals."):
            own = {"collect", "_samples", "_child_samples"}
            cls._written_by_core = cls._written_by_core and own.isdisjoint(cls.__dict__)

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Iterable[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        registry: CollectorRegistry | None = REGISTRY,
        **definition: Any,
    ) -> None:
        full_name = _full_name(self._type, name, namespace, subsystem, unit)
        names = validate_label_names(labelnames, self._reserved_labelnames)
        validate_metric_name(full_name)
        self._define(full_name, documentation, unit, names, **definition)
        use_opentelemetry_if_loaded()
        if registry is not None:
            registry.register(self)

    def remove(self, *labelvalues: Any) -> None:
        """Removes the child of these label values, if there is one. ValueError for another number of values."""
        self._require_labels()
        if len(labelvalues) != len(self._labelnames):
            raise ValueError(f"Incorrect label count (expected {len(self._labelnames)}, got {labelvalues})")
        self._remove(*labelvalues)

    def remove_by_labels(self, labels: Mapping[str, Any]) -> None:
        """Removes every child that has all of these labels; none for an empty mapping. ValueError for other names."""
        self._require_labels()
        if not isinstance(labels, Mapping):
            raise TypeError("labels must be a dict of {label_name: label_value}")
        unknown = [name for name in labels if name not in self._labelnames]
        if unknown:
            raise ValueError(f"Unknown label names: {unknown}; expected {self._labelnames}")
        if labels:
            self._remove_matching(dict(labels))

    def clear(self) -> None:
        """Removes every child."""
        if self._labelnames and not self._labelvalues:
            self._clear()

    def describe(self) -> list[Metric]:
        """The family without samples."""
        return [self._family()]

    def collect(self) -> list[Metric]:
        """The family as it is now."""
        metric = self._family()
        for sample in self._samples():
            metric.samples.append(sample._replace(name=self._name + sample.name))
        return [metric]

    def _samples(self) -> Iterator[Sample]:
        """Samples by their suffixes; of a child without its labels."""
        names = self._labelnames
        child = bool(self._labelvalues)
        for values, *row in self._read():
            labels = {} if child else dict(zip(names, values or (), strict=False))
            if values is None:
                labels = _OVERFLOW_LABELS
            for sample in self._child_samples(*row):
                yield sample._replace(labels={**labels, **sample.labels}) if labels else sample

    def _child_samples(self, *row: Any) -> Iterator[Sample]:
        raise NotImplementedError

    def _family(self) -> Metric:
        return Metric(self._name, self._documentation, self._type, self._unit)

    @property
    def _metrics(self) -> dict[tuple[str, ...], Any]:
        """The children by their label values."""
        return {values: self.labels(*values) for values, *_ in self._read() if values}

    def _prepare(self) -> None:
        """Brings the core's values up to date before it writes them."""

    def _require_labels(self) -> None:
        if not self._labelnames:
            raise ValueError(f"No label names were set when constructing {self}")

    def _raise_if_not_observable(self) -> None:
        if self._labelnames and not self._labelvalues and not self._is_overflow:
            raise ValueError(f"{self._type} metric is missing label values")

    def __str__(self) -> str:
        return f"{self._type}:{self._name}"

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}({self._name})"

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object: it is a part of this process")


def created_sample(created: float) -> Iterator[Sample]:
    if _use_created:
        yield Sample("_created", {}, created)
