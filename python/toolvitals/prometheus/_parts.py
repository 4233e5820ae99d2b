"""The numbers and the children of an instrument, under the names by which programs and their tests reach for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from toolvitals.prometheus.samples import Exemplar

__all__ = ["Children", "CoreValue", "OfParent", "Part"]


class CoreValue:
    """One number that the core keeps, with the methods of prometheus_client's values. Thread-safe."""

    __slots__ = ("_exemplar", "_get", "_inc", "_keep", "_set")

    _multiprocess = False

    def __init__(
        self,
        get: Callable[[], float],
        inc: Callable[[float], object],
        set: Callable[[float], object],  # noqa: A002 - beside inc
        exemplar: Callable[[], Exemplar | None] = lambda: None,
        keep: Callable[[Exemplar], object] = lambda exemplar: None,
    ) -> None:
        self._get, self._inc, self._set, self._exemplar, self._keep = get, inc, set, exemplar, keep

    def get(self) -> float:
        return float(self._get())

    def inc(self, amount: float) -> None:
        self._inc(amount)

    def set(self, value: float, timestamp: float | None = None) -> None:
        self._set(value)

    def get_exemplar(self) -> Exemplar | None:
        return self._exemplar()

    def set_exemplar(self, exemplar: Exemplar) -> None:
        self._keep(exemplar)

    @property
    def _value(self) -> float:
        return self.get()


class _Named(ABC):
    """A descriptor that knows its name, and is itself on the class."""

    _name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self._of(instance)

    @abstractmethod
    def _of(self, instance: Any) -> Any:
        """What it is of an instrument."""


class Part(_Named):
    """A part of what can be recorded into; a parent with labels has none, unless `of_parents`: AttributeError.

    What a program's own class assigns in its place stays.
    """

    def __init__(self, read: Callable[[Any], Any], *, of_parents: bool = False) -> None:
        self._read = read
        self._of_parents = of_parents

    def _of(self, instance: Any) -> Any:
        if not (self._of_parents or instance._is_observable()):
            raise AttributeError(f"{instance} has labels: its children have {self._name}, it has not", name=self._name)
        return self._read(instance)


class OfParent(_Named):
    """What is told to the parent when it is made; its children look there, as long as there is one."""

    def __init__(self, parents: Callable[[Any], Any]) -> None:
        self._parent_of = parents

    def _of(self, instance: Any) -> Any:
        parent = self._parent_of(instance)
        if parent is None or self._name not in parent.__dict__:
            raise AttributeError(f"{instance} has no {self._name}", name=self._name)
        return parent.__dict__[self._name]


class Children(MutableMapping[tuple[str, ...], Any]):
    """The children of a metric by their label values: a live view, through which they can be removed, not added."""

    def __init__(self, parent: Any) -> None:
        self._parent = parent

    def __getitem__(self, labelvalues: tuple[str, ...]) -> Any:
        if labelvalues not in self:
            raise KeyError(labelvalues)
        return self._parent._child(labelvalues)

    def __setitem__(self, labelvalues: tuple[str, ...], child: Any) -> None:
        raise TypeError("children are made by labels()")

    def __delitem__(self, labelvalues: tuple[str, ...]) -> None:
        if labelvalues not in self:
            raise KeyError(labelvalues)
        self._parent._remove(*labelvalues)

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter([values for values, *_ in self._parent._read() if values])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, labelvalues: object) -> bool:
        return labelvalues in list(iter(self))

    def clear(self) -> None:
        self._parent._clear()

    def copy(self) -> dict[tuple[str, ...], Any]:
        return dict(self)

    def __repr__(self) -> str:
        return f"Children({dict(self)})"
