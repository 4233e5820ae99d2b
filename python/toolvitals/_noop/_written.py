"""What of the no-op has to behave, and so cannot be made from the stub of the core; the rest is in __init__.py.

Classes here are the bases of those of the same name there, which add what is missing; functions are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any, Literal

from toolvitals._noop import _shapes

__all__ = [
    "CacheMetrics",
    "CounterBase",
    "EnumBase",
    "GaugeBase",
    "HistogramBase",
    "InfoBase",
    "Instrument",
    "PerformanceMetricsCollector",
    "Recorder",
    "SummaryBase",
    "ToolMetrics",
    "Track",
    "locate_directory",
    "read_directory",
    "record_function",
    "render",
    "render_directory",
    "render_instruments",
]


class _Named:
    """A handle that records nothing."""

    def __init__(self, name: str) -> None:
        self._told_name = name

    @property
    def name(self) -> str:
        """The name that it was asked for by."""
        return self._told_name


class ToolMetrics(_Named):
    """A tool's handle that records nothing."""

    def metrics(self) -> dict[str, Any]:
        """The shape of a tool without calls."""
        return _shapes.tool_metrics(self.name)


class CacheMetrics(_Named):
    """A cache's handle that records nothing."""

    def metrics(self) -> dict[str, Any]:
        """The shape of a cache without look-ups."""
        return _shapes.cache_metrics(self.name)


class PerformanceMetricsCollector:
    """The collector that records nothing; a singleton, as the real one is."""

    _instance: Any = None

    def __new__(cls) -> Any:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def get_system_metrics(self) -> dict[str, Any]:
        """The process's number and the interpreter."""
        return _shapes.system_metrics()

    def get_all_metrics(self) -> dict[str, Any]:
        """The shape of a process in which nothing was recorded."""
        return _shapes.everything()

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()


class Track:
    """The context manager that records nothing; this is its half for `async with`."""

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, exc_type: object, exc: object, tb: object) -> Literal[False]:
        return False


class Recorder:
    """Never made: a decorator that records nothing returns the function itself."""

    def __new__(cls, wrapped: Callable[..., Any], tool: Any, kind: int) -> Any:
        return wrapped

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        raise AttributeError("__wrapped__")

    @property
    def __vitals__(self) -> Any:
        raise AttributeError("__vitals__")


def record_function(function: FunctionType, /) -> FunctionType:
    """The function as it is."""
    return function


def render(format: str, names: Sequence[str] = ()) -> bytes:  # noqa: A002 - the core's name
    """The exposition of nothing."""
    import json  # which takes longer to import than the rest, and is rarely needed

    return json.dumps(_shapes.everything()).encode() if format == "json" else b""


def render_instruments(
    instruments: Sequence[Instrument], open_metrics: bool, created: bool, natives: bool = False
) -> list[bytes | None]:
    """Leaves every instrument to Python."""
    return [None] * len(instruments)


def locate_directory(path: str) -> str:
    """The path itself: nothing shares a directory here."""
    return path


def read_directory(path: str) -> tuple[tuple[Any, ...], list[dict[str, Any]]]:
    """Raises RuntimeError: only the core reads segments."""
    raise RuntimeError(f"toolvitals records nothing here, and cannot read {path!r}")


class Instrument:
    """A family and its one child; label values are not looked at."""

    # What _define() was told, until it was told something.
    _told_name = _told_documentation = _told_unit = ""
    _told_labelnames: tuple[str, ...] = ()
    _told_bounds: tuple[float, ...] = ()
    _told_states: tuple[str, ...] = ()

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
        quantiles: Iterable[float] = (),
        window_size: int = 0,
        ttl_s: float = 0,
        max_series: int = 0,
        native: bool = False,
        native_schema: int = 3,
        native_max_buckets: int = 160,
        native_zero_threshold: float = 2.0**-128,
        gauge_mode: str = "all",
    ) -> None:
        self._told_name, self._told_documentation, self._told_unit = name, documentation, unit
        self._told_labelnames, self._told_bounds, self._told_states = tuple(labelnames), tuple(bounds), tuple(states)

    def labels(self, *labelvalues: object, **labelkwargs: object) -> Any:
        """A child that records nothing."""
        child = self.__dict__.get("_told_child")
        if child is None:
            child = self._told_child = object.__new__(type(self))
            child._define(self._name, self._documentation, self._unit, (), bounds=self._bounds, states=self._states)
            begin = getattr(type(self), "_begin_child", None)
            if begin is not None:
                begin(child, self)
        return child

    @property
    def _name(self) -> str:
        return self._told_name

    @property
    def _documentation(self) -> str:
        return self._told_documentation

    @property
    def _unit(self) -> str:
        return self._told_unit

    @property
    def _labelnames(self) -> tuple[str, ...]:
        return self._told_labelnames

    @property
    def _bounds(self) -> tuple[float, ...]:
        return self._told_bounds

    @property
    def _states(self) -> tuple[str, ...]:
        return self._told_states

    @property
    def _family_key(self) -> int:
        return id(self)

    def _read(self) -> list[Any]:
        return [] if self._labelnames else [((), *self._zero())]

    def _zero(self) -> tuple[Any, ...]:
        """What _read() says of a series into which nothing was recorded."""
        return (0.0,)


class CounterBase(Instrument):
    """A counter that stays at zero."""

    def _zero(self) -> tuple[Any, ...]:
        return (0, 0.0, None)


class GaugeBase(Instrument):
    """A gauge that stays at zero."""


class HistogramBase(Instrument):
    """A histogram without observations."""

    def _zero(self) -> tuple[Any, ...]:
        return ([0] * (len(self._bounds) + 1), 0.0, 0.0, {})


class SummaryBase(Instrument):
    """A summary without observations."""

    def _zero(self) -> tuple[Any, ...]:
        return (0, 0.0, 0.0, [])


class InfoBase(Instrument):
    """An info without facts."""

    def _zero(self) -> tuple[Any, ...]:
        return ({},)


class EnumBase(Instrument):
    """A state set that stays in its first state."""

    def _zero(self) -> tuple[Any, ...]:
        return (0,)


def render_directory(path: str, format: str, names: Sequence[str] = ()) -> bytes:  # noqa: A002 (the core's name)
    """Raises RuntimeError: only the core reads segments."""
    raise RuntimeError(f"toolvitals records nothing here, and cannot read {path!r}")


def __getattr__(name: str) -> str:
    if name == "__version__":
        return _shapes.version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
