"""Instruments: what every face for recording numbers stands on, whatever names its users know.

A face derives its classes from the core's base types, has a Definition define each instrument, and finds it here again.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from toolvitals import _backend
from toolvitals.collectors import Job

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = [
    "GAUGE_MODES",
    "KINDS",
    "OVERFLOW_LABELS",
    "Definition",
    "add_function",
    "all_instruments",
    "function_jobs",
    "parent_of",
    "store_values",
]

# The core's base types: what is derived from one of them counts in the core.
KINDS = (
    core.CounterBase,
    core.GaugeBase,
    core.HistogramBase,
    core.SummaryBase,
    core.InfoBase,
    core.EnumBase,
)

# What the series is labelled with that takes in the label sets for which there is no room.
OVERFLOW_LABELS = {"otel_metric_overflow": "true"}

# What becomes of a gauge's values in several processes.
GAUGE_MODES = frozenset(
    ("all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent")
)


@dataclass(frozen=True)
class Definition:
    """What an instrument is: all that the core has to know of a family before something is recorded.

    `name` is the full one, without a suffix of its type, with the unit where there is one. `max_series` limits the
    label sets (0: only the budget of all families does), and after `ttl_s` seconds without a record a series is gone
    (0: none ever is). The rest is of one kind each:

    - `bounds`: the upper bounds of a histogram's buckets, ascending, without infinity;
    - `native` and what begins with it: the exponential histogram beside them;
    - `quantiles` (0.001 to 0.999, ascending), `window_size` (2 to 1,000,000): of a summary;
    - `states`: of an enum; `gauge_mode`, one of GAUGE_MODES: of a gauge;
    - `open`, of any but an info or an enum: each series has attributes of its own, with types, and there are no
      `label_names` (docs/decisions/0047).

    What is out of range raises ValueError when an instrument is defined by it.
    """

    name: str
    documentation: str
    unit: str = ""
    label_names: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    states: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()
    window_size: int = 0
    ttl_s: float = 0
    max_series: int = 0
    native: bool = False
    native_schema: int = 3
    native_max_buckets: int = 160
    native_zero_threshold: float = 2.0**-128
    gauge_mode: str = "all"
    open: bool = False

    def define(self, instrument: core.Instrument) -> None:
        """Makes the instrument what this says, once, and has all_instruments() know it. Thread-safe."""
        if self.max_series < 0:
            raise ValueError(f"max_series={self.max_series!r} is not allowed: it must be 0, for no limit, or more")
        if self.gauge_mode not in GAUGE_MODES:
            modes = ", ".join(sorted(GAUGE_MODES))
            raise ValueError(f"gauge_mode={self.gauge_mode!r} is not allowed: it must be one of {modes}")
        # The core has the same defaults, and takes a while to read each argument.
        options = {name: value for name, value in vars(self).items() if value != _DEFAULTS.get(name, value)}
        instrument._define(self.name, self.documentation, self.unit, self.label_names, **options)
        _instruments[instrument._family_key] = instrument


# Of what may be left out.
_DEFAULTS = {field.name: field.default for field in fields(Definition)[4:]}

# Without the children, by the number of the family.
_instruments: weakref.WeakValueDictionary[int, core.Instrument] = weakref.WeakValueDictionary()


def all_instruments() -> list[Any]:
    """Every instrument of the process, whichever face it is of and wherever it is registered. Thread-safe."""
    return list(_instruments.values())


def parent_of(instrument: Any) -> Any:
    """The instrument that a child belongs to, or that it is itself; None where it is gone. Thread-safe."""
    return _instruments.get(instrument._family_key)


# --- gauges whose values functions give

# By the number of the family, and there by identity. They live as long as the family's table of children does.
_gauges: dict[int, weakref.WeakValueDictionary[int, Any]] = {}


def add_function(gauge: Any, function: Callable[[], float]) -> None:
    """Has the function give this gauge's value from here on. Thread-safe."""
    gauge._freeze()
    gauge._function = function
    _gauges.setdefault(gauge._family_key, weakref.WeakValueDictionary())[id(gauge)] = gauge


def store_values(family: int) -> None:
    """Stores what the functions of a family's gauges give now; what one of them raises passes through."""
    for gauge in _gauges_of(family):
        gauge._store(float(gauge._function()))


def function_jobs(instrument: Any) -> Iterator[tuple[object, Callable[[], Job]]]:
    """The jobs of an instrument's functions, as NativeCollector has them. Thread-safe, and waits for nobody."""
    for gauge in _gauges_of(instrument._family_key):
        yield gauge, functools.partial(_FunctionJob, gauge, instrument)


def _gauges_of(family: int) -> list[Any]:
    """Those of a family that there are now. Thread-safe."""
    known = _gauges.get(family)
    if known is None:
        return []
    # The references are copied at once, where iterating would be disturbed by other threads.
    return [gauge for reference in known.valuerefs() if (gauge := reference()) is not None]


class _FunctionJob(Job):
    """The function of a gauge."""

    def __init__(self, gauge: Any, parent: Any) -> None:
        super().__init__(gauge._name)
        self._gauge = weakref.ref(gauge)
        self._parent = weakref.ref(parent)

    def is_of(self, called: object) -> bool:
        return called is self._gauge()

    def is_registered(self, registered: set[int]) -> bool:
        parent = self._parent()
        return self._gauge() is not None and parent is not None and id(parent) in registered

    def _collect(self) -> None:
        gauge = self._gauge()
        if gauge is not None:
            gauge._store(float(gauge._function()))
