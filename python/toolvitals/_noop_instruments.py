"""The instruments' base types with nothing behind them: what is recorded is forgotten, what is read is zero."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["CounterBase", "EnumBase", "GaugeBase", "HistogramBase", "InfoBase", "Instrument", "SummaryBase"]


class Instrument:
    """A family and its one child; label values are not looked at."""

    _name = _documentation = _unit = ""
    _labelnames: tuple[str, ...] = ()
    _labelvalues: tuple[str, ...] = ()
    _states: tuple[str, ...] = ()
    _bounds: tuple[float, ...] = ()
    _is_overflow = False

    def _define(
        self,
        name: str,
        documentation: str,
        unit: str,
        labelnames: Iterable[str],
        /,
        *,
        bounds: Iterable[float] = (),
        states: Iterable[str] = (),
        **_: Any,
    ) -> None:
        self._name, self._documentation, self._unit = name, documentation, unit
        self._labelnames, self._bounds, self._states = tuple(labelnames), tuple(bounds), tuple(states)

    @property
    def _family_key(self) -> int:
        return id(self)

    def labels(self, *labelvalues: object, **labelkwargs: object) -> Any:
        """A child that records nothing."""
        child = self.__dict__.get("_child")
        if child is None:
            child = self._child = object.__new__(type(self))
            child._define(self._name, self._documentation, self._unit, (), bounds=self._bounds, states=self._states)
            begin = getattr(type(self), "_begin_child", None)
            if begin is not None:
                begin(child, self)
        return child

    def _remove(self, *labelvalues: object) -> bool:
        return False

    def _remove_matching(self, labels: dict[str, Any], /) -> int:
        return 0

    def _clear(self) -> None:
        """Does nothing."""

    def _reset(self) -> None:
        """Does nothing."""

    def _show(self, registry: int, shown: bool, /) -> None:
        """Does nothing."""

    def _zero(self) -> tuple[Any, ...]:
        return (0.0,)

    def _read(self) -> list[Any]:
        return [] if self._labelnames else [((), *self._zero())]


class CounterBase(Instrument):
    """A counter that stays at zero."""

    def _keep_exemplar(self, bucket: int, amount: float, labels: Any, /) -> None:
        """Does nothing."""

    def inc(self, amount: Any = 1, exemplar: Any = None) -> None:
        """Does nothing."""

    def _zero(self) -> tuple[Any, ...]:
        return (0, 0.0, None)


class GaugeBase(Instrument):
    """A gauge that stays at zero."""

    def inc(self, amount: Any = 1) -> None:
        """Does nothing."""

    def dec(self, amount: Any = 1) -> None:
        """Does nothing."""

    def set(self, value: Any) -> None:
        """Does nothing."""

    def set_to_current_time(self) -> None:
        """Does nothing."""

    def _freeze(self) -> None:
        """Does nothing."""

    def _store(self, value: Any, /) -> None:
        """Does nothing."""

    def _allow_only_set(self) -> None:
        """Does nothing."""


class HistogramBase(Instrument):
    """A histogram without observations."""

    def _add(self, bucket: int, count: int, amount: float, /) -> None:
        """Does nothing."""

    def _set_sum(self, amount: Any, /) -> None:
        """Does nothing."""

    def _keep_exemplar(self, bucket: int, amount: float, labels: Any, /) -> None:
        """Does nothing."""

    def _read_natives(self) -> list[Any]:
        """None."""
        return []

    def observe(self, amount: Any, exemplar: Any = None) -> None:
        """Does nothing."""

    def _zero(self) -> tuple[Any, ...]:
        return ([0] * (len(self._bounds) + 1), 0.0, 0.0, {})


class SummaryBase(Instrument):
    """A summary without observations."""

    def _add(self, count: int, amount: float, /) -> None:
        """Does nothing."""

    def _set_sum(self, amount: Any, /) -> None:
        """Does nothing."""

    def observe(self, amount: Any) -> None:
        """Does nothing."""

    def _zero(self) -> tuple[Any, ...]:
        return (0, 0.0, 0.0, [])


class InfoBase(Instrument):
    """An info without facts."""

    def _set_facts(self, facts: dict[str, str], /) -> None:
        """Does nothing."""

    def _zero(self) -> tuple[Any, ...]:
        return ({},)


class EnumBase(Instrument):
    """A state set that stays in its first state."""

    def state(self, state: Any, /) -> None:
        """Does nothing."""

    def _zero(self) -> tuple[Any, ...]:
        return (0,)
