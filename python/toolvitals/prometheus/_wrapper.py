"""What the instruments have in common: names, labels, a place in a registry, and being collected."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toolvitals import _backend
from toolvitals.collectors import NativeCollector
from toolvitals.instruments import KINDS, OVERFLOW_LABELS, Definition, parent_of
from toolvitals.prometheus import _subclasses
from toolvitals.prometheus._created import uses_created
from toolvitals.prometheus._parts import Children, OfParent
from toolvitals.prometheus.exemplars import use_opentelemetry_if_loaded
from toolvitals.prometheus.metrics_core import Metric, with_unit
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry
from toolvitals.prometheus.samples import Sample
from toolvitals.prometheus.validation import validate_label_names, validate_metric_name

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = ["MetricWrapperBase", "build_full_name", "created_sample"]


def build_full_name(typ: str, name: str, namespace: str, subsystem: str, unit: str) -> str:
    if not name:
        raise ValueError("Metric name should not be empty")
    full = "_".join(part for part in (namespace, subsystem, name) if part)
    if typ == "counter":
        full = full.removesuffix("_total")
    full = with_unit(full, unit)
    if unit and typ in ("info", "stateset"):
        raise ValueError(f"Metric name is of a type that cannot have a unit: {full}")
    return full


class MetricWrapperBase(NativeCollector, core.Instrument):
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
    # What the core calls with a new child and its parent.
    _begin_child: Any = None
    # For programs that hold it while they change several things. Nothing here waits for it.
    _lock = threading.RLock()

    _original_name: Any = OfParent(parent_of)
    _namespace: Any = OfParent(parent_of)
    _subsystem: Any = OfParent(parent_of)
    _kwargs: Any = OfParent(parent_of)

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if not cls.__module__.startswith("toolvitals."):
            _subclasses.adopt(cls, KINDS)

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
        **kind: Any,
    ) -> None:
        self._original_name, self._namespace, self._subsystem = name, namespace, subsystem
        self._kwargs = {}
        if _labelvalues is not None:
            # A child, which the core has made; its class wants to begin it.
            self._metric_init()
            return
        full_name = build_full_name(self._type, name, namespace, subsystem, unit)
        names = validate_label_names(labelnames, self._reserved_labelnames)
        validate_metric_name(full_name)
        if not isinstance(documentation, str):
            raise TypeError(f"a metric's documentation is a str, not {documentation!r}")
        Definition(full_name, documentation, unit or "", names, **kind).define(self)
        use_opentelemetry_if_loaded()
        if self._is_observable():
            self._metric_init()
        if registry:
            registry.register(self)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _subclasses.SAMPLERS:
            for metric in (self, parent_of(self)):
                if metric is not None:
                    metric._written_by_core = False

    def _child(self, labelvalues: Iterable[str]) -> Any:
        """What labels() gives, also where a program's class has labels() take something else."""
        return core.Instrument.labels(self, *labelvalues)

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
        return [self._get_metric()]

    def collect(self) -> list[Metric]:
        """The family as it is now."""
        metric = self._get_metric()
        # Classes of programs may give plain tuples.
        samples: Iterable[Any] = self._samples()
        for suffix, *rest in samples:
            metric.samples.append(Sample(self._name + suffix, *rest))
        return [metric]

    def _metric_init(self) -> None:
        """Is called for what can be recorded into, before it is. For classes of programs."""

    def _samples(self) -> Iterable[Sample]:
        """Samples by their suffixes; of a child without its labels."""
        if self._written_by_core:
            return self._core_samples()
        return self._multi_samples() if self._is_parent() else self._child_samples()

    def _multi_samples(self) -> Iterator[Sample]:
        """The samples of every child, as the children give them."""
        for values, *row in self._read():
            if values is None:
                yield from _labelled(OVERFLOW_LABELS, self._row_samples(*row))
            else:
                labels = dict(zip(self._labelnames, values, strict=False))
                yield from _labelled(labels, self._child(values)._samples())

    def _child_samples(self) -> Iterable[Sample]:
        """The samples of a child, or of a metric without labels."""
        row = _subclasses.row_of_parts(self)
        return list(self._row_samples(*(self._read()[0][1:] if row is None else row)))

    def _core_samples(self) -> Iterator[Sample]:
        names = self._labelnames
        child = bool(self._labelvalues)
        for values, *row in self._read():
            labels = {} if child else dict(zip(names, values or (), strict=False))
            if values is None:
                labels = OVERFLOW_LABELS
            yield from _labelled(labels, self._row_samples(*row)) if labels else self._row_samples(*row)

    def _row_samples(self, *row: Any) -> Iterator[Sample]:
        """The samples of one series, of which the core says this."""
        raise NotImplementedError(f"_child_samples() must be implemented by {self!r}")

    def _get_metric(self) -> Metric:
        return Metric(self._name, self._documentation, self._type, self._unit)

    @property
    def _metrics(self) -> Any:
        """The children by their label values: a live view. AttributeError of what has none."""
        if not self._is_parent():
            raise AttributeError(f"{self} has no children", name="_metrics")
        return Children(self)

    @_metrics.setter
    def _metrics(self, kept: Mapping[tuple[str, ...], Any]) -> None:
        for values in self._metrics:
            if values not in kept:
                self._remove(*values)

    def native_show(self, registry: int, shown: bool) -> None:
        """Is shown by the endpoints that serve the registry, or no longer."""
        # The core knows nothing of what a class without a kind counts.
        if isinstance(self, KINDS):
            self._show(registry, shown)

    def native_instrument(self) -> core.Instrument | None:
        """Itself, where no class of the program's own has a say in what is written."""
        if not self._written_by_core:
            return None
        self._prepare()
        return self

    def _prepare(self) -> None:
        """Brings the core's values up to date before it writes them."""

    def _require_labels(self) -> None:
        if not self._labelnames:
            raise ValueError(f"No label names were set when constructing {self}")

    def _is_observable(self) -> bool:
        """Whether it can be recorded into: a child, or without labels."""
        return not self._labelnames or bool(self._labelvalues) or self._is_overflow

    def _is_parent(self) -> bool:
        return not self._is_observable()

    def _raise_if_not_observable(self) -> None:
        if not self._is_observable():
            raise ValueError(f"{self._type} metric is missing label values")

    def __str__(self) -> str:
        return f"{self._type}:{self._name}"

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}({self._name})"

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object: it is a part of this process")


def _labelled(labels: Mapping[str, str], samples: Iterable[Any]) -> Iterator[Sample]:
    """The samples of a series with its labels; those of programs may be plain tuples."""
    for suffix, own_labels, *rest in samples:
        yield Sample(suffix, {**labels, **own_labels}, *rest)


def created_sample(created: float) -> Iterator[Sample]:
    if uses_created():
        yield Sample("_created", {}, created)
