"""Counter, Gauge, Histogram, Summary, Info and Enum, as users of prometheus_client know them, on the C++ core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from toolvitals import _backend, collectors, instruments
from toolvitals.instruments import parent_of
from toolvitals.prometheus import _created
from toolvitals.prometheus._distributions import Histogram, Summary
from toolvitals.prometheus._parts import CoreValue, OfParent, Part
from toolvitals.prometheus._wrapper import MetricWrapperBase, build_full_name, created_sample
from toolvitals.prometheus.context_managers import ExceptionCounter, InprogressTracker, Timer
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry
from toolvitals.prometheus.samples import Exemplar, Sample
from toolvitals.prometheus.utils import INF
from toolvitals.prometheus.validation import validate_exemplar, validate_metric_name

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = [
    "INF",
    "Counter",
    "Enum",
    "Gauge",
    "Histogram",
    "Info",
    "MetricWrapperBase",
    "Summary",
    "disable_created_metrics",
    "enable_created_metrics",
]

# Programs that make instruments of their own find these here.
_build_full_name = build_full_name
_validate_exemplar = validate_exemplar
_validate_metric_name = validate_metric_name

_use_created = os.environ.get("PROMETHEUS_DISABLE_CREATED_SERIES", "").lower() not in ("true", "1", "t")


def disable_created_metrics() -> None:
    """From here on counters, histograms and summaries are collected without their `_created` samples."""
    global _use_created
    _use_created = False


def enable_created_metrics() -> None:
    """From here on counters, histograms and summaries are collected with their `_created` samples."""
    global _use_created
    _use_created = True


# Programs set the variable, too.
_created.answered_by(lambda: _use_created)


class Counter(MetricWrapperBase, core.CounterBase):
    """A number that only grows: requests, bytes sent, errors.

    Samples are named with `_total`, which the name may leave out. Whole amounts are exact to 2**64. Beyond
    prometheus_client: `max_series` limits the family's label sets, `ttl_s` hides and removes series that were not
    recorded for so many seconds.
    """

    _type = "counter"

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
            max_series=max_series,
            ttl_s=ttl_s,
        )

    def reset(self) -> None:
        """Zeroes the counter, which begins anew now."""
        self._raise_if_not_observable()
        self._reset()
        own = self.__dict__.get("_value")
        if own is not None:
            own.set(0)

    def count_exceptions(
        self, exception: type[BaseException] | tuple[type[BaseException], ...] = Exception
    ) -> ExceptionCounter:
        """Counts what is raised out of a `with` block or a decorated function, coroutine or generator."""
        self._raise_if_not_observable()
        return ExceptionCounter(self, exception)

    def _row_samples(self, value: float, created: float, exemplar: Any) -> Iterator[Sample]:
        yield Sample("_total", {}, value, None, Exemplar(*exemplar) if exemplar else None)
        yield from created_sample(created)

    def _core_value(self) -> CoreValue:
        def exemplar() -> Exemplar | None:
            kept = self._read()[0][3]
            return Exemplar(*kept) if kept else None

        def store(value: float) -> None:
            self._reset()
            core.CounterBase.inc(self, value)

        return CoreValue(
            lambda: self._read()[0][1],
            lambda amount: core.CounterBase.inc(self, amount),
            store,
            exemplar,
            lambda new: self._keep_exemplar(0, new.value, dict(new.labels)),
        )

    _value: Any = Part(_core_value)
    _created: Any = Part(lambda self: self._read()[0][2])


GaugeMode = Literal[
    "all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent"
]


class Gauge(MetricWrapperBase, core.GaugeBase):
    """A number that goes up and down: a temperature, a queue's length, requests in progress.

    `multiprocess_mode` says what becomes of the values of several processes. `max_series` and `ttl_s` are as a
    Counter's.
    """

    _type = "gauge"
    _MULTIPROC_MODES = instruments.GAUGE_MODES
    _MOST_RECENT_MODES = frozenset(("mostrecent", "livemostrecent"))

    _multiprocess_mode: Any = OfParent(parent_of)

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
        multiprocess_mode: GaugeMode = "all",
        *,
        max_series: int = 0,
        ttl_s: float = 0,
    ) -> None:
        if multiprocess_mode not in self._MULTIPROC_MODES:
            raise ValueError(f"Invalid multiprocess mode: {multiprocess_mode}")
        self._multiprocess_mode = multiprocess_mode
        if multiprocess_mode in self._MOST_RECENT_MODES:
            self._allow_only_set()
        super().__init__(
            name,
            documentation,
            labelnames,
            namespace,
            subsystem,
            unit,
            registry,
            _labelvalues,
            max_series=max_series,
            ttl_s=ttl_s,
            gauge_mode=multiprocess_mode,
        )
        self._kwargs["multiprocess_mode"] = multiprocess_mode

    def track_inprogress(self) -> InprogressTracker:
        """Counts how often a `with` block or a decorated function, coroutine or generator is running."""
        self._raise_if_not_observable()
        return InprogressTracker(self)

    def time(self) -> Timer:
        """Sets the gauge to how long a `with` block or a call of a decorated function took, in seconds."""
        return Timer(self, "set")

    def set_function(self, f: Callable[[], float]) -> None:
        """Takes the value from a function whenever it is collected; recording changes nothing from here on.

        The function may be called by any thread. The native endpoint, which never waits for Python, shows the value of
        the last time that it was called, a few seconds ago (METRICS_REFRESH_INTERVAL_S), with that time; and none
        before the first time that it gave one. There it may raise, or hang, without harm to others.
        """
        self._raise_if_not_observable()
        instruments.add_function(self, f)
        collectors.notice()

    def native_jobs(self) -> Iterable[tuple[object, Callable[[], collectors.Job]]]:
        """The functions of the family's gauges."""
        return instruments.function_jobs(self)

    def _prepare(self) -> None:
        """Stores what the functions of the family's gauges give now."""
        instruments.store_values(self._family_key)

    def _samples(self) -> Iterable[Sample]:
        self._prepare()
        return super()._samples()

    def _row_samples(self, value: float) -> Iterator[Sample]:
        yield Sample("", {}, value)

    def _core_value(self) -> CoreValue:
        return CoreValue(
            lambda: self._read()[0][1],
            lambda amount: core.GaugeBase.inc(self, amount),
            lambda value: core.GaugeBase.set(self, value),
        )

    _value: Any = Part(_core_value)

    @property
    def _is_most_recent(self) -> bool:
        return self._multiprocess_mode in self._MOST_RECENT_MODES


class Info(MetricWrapperBase, core.InfoBase):
    """Facts about a thing, as labels of a sample of 1: a version, a commit, a build's host."""

    _type = "info"

    def info(self, val: Mapping[str, str]) -> None:
        """Sets the facts, instead of those before.

        ValueError for one that is None, and for a name that is among the metric's labels.
        """
        self._raise_if_not_observable()
        if not set(self._labelnames).isdisjoint(val):
            raise ValueError(f"Overlapping labels for Info metric, metric: {self._labelnames} child: {val}")
        if any(value is None for value in val.values()):
            raise ValueError("Label value cannot be None")
        self._set_facts({str(name): str(value) for name, value in val.items()})

    def _row_samples(self, facts: dict[str, str]) -> Iterator[Sample]:
        yield Sample("_info", facts, 1.0)

    _value: Any = Part(lambda self: self._read()[0][1])
    _labelname_set: Any = Part(lambda self: set(self._labelnames))


class Enum(MetricWrapperBase, core.EnumBase):
    """Which of several states holds: a sample of 1 for that one, of 0 for the others. The first one holds at first."""

    _type = "stateset"

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
        states: Sequence[str] | None = None,
    ) -> None:
        labels = labelnames if isinstance(labelnames, Sequence) else tuple(labelnames)
        if name in labels:
            raise ValueError(f"Overlapping labels for Enum metric: {name}")
        if not states:
            raise ValueError(f"No states provided for Enum metric: {name}")
        super().__init__(
            name, documentation, labels, namespace, subsystem, unit, registry, _labelvalues, states=tuple(states)
        )
        self._kwargs["states"] = states

    def _row_samples(self, state: int) -> Iterator[Sample]:
        for i, name in enumerate(self._states):
            yield Sample("", {self._name: name}, 1.0 if i == state else 0.0)

    _value: Any = Part(lambda self: self._read()[0][1])
