"""What makes classes work that programs derive from the instruments, as they derive them from prometheus_client's.

There a child is made by calling the class with `_labelvalues` and what is in the parent's `_kwargs`; `_metric_init()`
makes what it counts in, and `_child_samples()` turns that into samples. Here the core makes children, and keeps what is
counted. A class that overrides one of these gets its say, at the price of being written by Python.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

from toolvitals.prometheus.samples import Exemplar
from toolvitals.prometheus.validation import validate_exemplar

__all__ = ["SAMPLERS", "adopt", "begin_child", "row_of_parts"]

# The methods by which a class, or one metric, can say for itself what its samples are.
SAMPLERS = ("collect", "_get_metric", "_samples", "_multi_samples", "_child_samples", "_metric_init")


def adopt(cls: Any, kinds: tuple[type, ...]) -> None:
    """Looks at what a new class has of its own; `kinds` are the core's base types."""
    own: Mapping[str, Any] = cls.__dict__
    if any(name in own for name in SAMPLERS) or not issubclass(cls, kinds):
        cls._written_by_core = False
    if "__init__" in own or "_metric_init" in own:
        cls._begin_child = begin_child
    if "_metric_init" in own:
        for name, make in _RECORDERS.items():
            method = getattr(cls, name, None)
            # Only the core's methods have to be told; those of the program know what it counts in.
            if isinstance(method, types.MethodDescriptorType):
                setattr(cls, name, make(method))


def begin_child(child: Any, parent: Any) -> None:
    """Runs the class's own `__init__` for a child that the core has made."""
    child.__init__(
        parent._original_name,
        documentation=parent._documentation,
        labelnames=parent._labelnames,
        namespace=parent._namespace,
        subsystem=parent._subsystem,
        unit=parent._unit,
        _labelvalues=child._labelvalues,
        **parent._kwargs,
    )


def row_of_parts(metric: Any) -> tuple[Any, ...] | None:
    """What the core would say of a series, from what the program's class counts in; None where it has nothing own."""
    own = metric.__dict__
    if "_buckets" in own:
        marked = ((i, part.get_exemplar()) for i, part in enumerate(metric._buckets))
        exemplars = {i: exemplar for i, exemplar in marked if exemplar is not None}
        return [part.get() for part in metric._buckets], metric._sum.get(), metric._created, exemplars
    if "_count" in own:
        return metric._count.get(), metric._sum.get(), metric._created, []
    if "_value" in own and metric._type == "counter":
        return metric._value.get(), metric._created, metric._value.get_exemplar()
    if "_value" in own and metric._type == "gauge":
        return (metric._value.get(),)
    return None


Recorder = Callable[..., Any]


def _inc(method: Recorder) -> Recorder:
    def inc(self: Any, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:
        if "_value" not in self.__dict__:
            method(self, amount, *([exemplar] if exemplar else []))
            return
        if self._type == "counter" and amount < 0:
            raise ValueError("Counters can only be incremented by non-negative amounts.")
        self._value.inc(amount)
        _mark(self._value, amount, exemplar)

    return inc


def _dec(method: Recorder) -> Recorder:
    def dec(self: Any, amount: float = 1) -> None:
        if "_value" in self.__dict__:
            self._value.inc(-amount)
        else:
            method(self, amount)

    return dec


def _set(method: Recorder) -> Recorder:
    def set(self: Any, value: float) -> None:  # noqa: A001 - the method's name
        if "_value" in self.__dict__:
            self._value.set(float(value))
        else:
            method(self, value)

    return set


def _set_to_current_time(method: Recorder) -> Recorder:
    def set_to_current_time(self: Any) -> None:
        self.set(_now())

    return set_to_current_time


def _observe(method: Recorder) -> Recorder:
    def observe(self: Any, amount: float, exemplar: dict[str, str] | None = None) -> None:
        if "_sum" not in self.__dict__:
            method(self, amount, *([exemplar] if exemplar else []))
            return
        self._sum.inc(amount)
        if "_buckets" in self.__dict__:
            bucket = next((b for b, bound in zip(self._buckets, self._upper_bounds, strict=True) if amount <= bound))
            bucket.inc(1)
            _mark(bucket, amount, exemplar)
        else:
            self._count.inc(1)

    return observe


def _now() -> float:
    from datetime import datetime, timezone  # late: few programs have such a class

    return datetime.now(timezone.utc).timestamp()


def _mark(part: Any, amount: float, exemplar: dict[str, str] | None) -> None:
    if exemplar:
        validate_exemplar(exemplar)
        part.set_exemplar(Exemplar(exemplar, amount, _now()))


_RECORDERS: dict[str, Callable[[Recorder], Recorder]] = {
    "inc": _inc,
    "dec": _dec,
    "set": _set,
    "set_to_current_time": _set_to_current_time,
    "observe": _observe,
}
