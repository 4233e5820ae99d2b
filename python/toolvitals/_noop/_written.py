"""What of the no-op has to behave, and so cannot be made from the stub of the core; the rest is in __init__.py.

Classes here are the bases of those of the same name there, which add what is missing; functions, and classes that lack
nothing, are taken as they are.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any, Literal

from toolvitals._noop import _shapes

__all__ = [
    "CacheKey",
    "CacheMetrics",
    "CounterBase",
    "EnumBase",
    "GaugeBase",
    "HistogramBase",
    "InfoBase",
    "Instrument",
    "Lru",
    "PerformanceMetricsCollector",
    "Recorder",
    "SummaryBase",
    "ToolMetrics",
    "Track",
    "call_cached",
    "locate_directory",
    "read_directory",
    "record_function",
    "render",
    "render_directory",
    "render_instruments",
    "render_tools",
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


class CacheKey(list[Any]):
    """The arguments of a call with their hash, so that user code computes it once, and not under the lock."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:  # type: ignore[override]
        """That of the parts."""
        return self._hash


def _key(parts: tuple[Any, ...]) -> CacheKey:
    key = CacheKey(parts)
    key._hash = hash(parts)
    return key


class _Entry:
    """A value that is kept, and its neighbours in the order of use; None where it was taken out of that."""

    __slots__ = ("expires_at", "key", "newer", "older", "value")

    def __init__(self, key: CacheKey, value: Any, expires_at: float) -> None:
        self.key = key
        self.value = value
        self.expires_at = expires_at
        self.older: _Entry | None = None
        self.newer: _Entry | None = None

    def leave(self) -> None:
        if self.older is not None and self.newer is not None:
            self.older.newer, self.newer.older = self.newer, self.older
        self.older = self.newer = None


class _Ring(_Entry):
    """Stands between the entry used last, which is older, and the one used least recently, which is newer."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_key(()), None, 0.0)
        self.older = self.newer = self

    def enter(self, entry: _Entry) -> None:
        entry.older, entry.newer = self.older, self
        if self.older is not None:
            self.older.newer = entry
        self.older = entry


class Lru:
    """A cache that works and is not recorded: the entry used least recently goes first.

    Thread-safe. The lock is re-entrant, because keys compare themselves with user code and the garbage collector may
    run anything at any allocation; nothing else of the user's runs under it. What is dropped is handed out of the
    lock first, so that finalizers run outside. A dict and a ring, for CPython's OrderedDict does not survive keys that
    use it while they are compared.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        cache: CacheMetrics,
        maxsize: int | None,
        typed: bool,
        ttl_s: float | None,
        clock: Callable[[], float] | None,
        /,
    ) -> None:
        self._function = function
        self._maxsize = maxsize
        self._typed = typed
        self._ttl_s = math.inf if ttl_s is None else ttl_s
        self._clock = clock or time.monotonic
        self._lock = threading.RLock()
        self._entries: dict[CacheKey, _Entry] = {}
        self._ring = _Ring()
        self._hits = 0
        self._misses = 0

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return self._maxsize != 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value kept for the arguments, or what the function returns, which is kept."""
        if self._maxsize == 0:  # Any arguments will do, also those that cannot be hashed.
            self.miss()
            return self._function(*args, **kwargs)
        found = self.look_up(args, kwargs)
        if type(found) is not CacheKey:
            return found
        self.miss()
        value = self._function(*args, **kwargs)
        self.keep(found, value)
        return value

    def look_up(self, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Any:
        """What is kept for these arguments, which counts a hit; else their key."""
        parts = args
        if kwargs:
            parts += (CacheKey,)
            for item in kwargs.items():
                parts += item
        if self._typed:
            parts += tuple(type(value) for value in (*args, *kwargs.values()))
        elif not kwargs and len(args) == 1 and type(args[0]) in (int, str):
            parts += (CacheKey,)  # functools keeps it apart from what equals it.
        return self.find(_key(parts))

    def find(self, key: CacheKey, /) -> Any:
        """What is kept for the key, which counts a hit; else the key itself."""
        now = self._now()
        with self._lock:
            entry = self._entries.get(key)
            expired = entry is not None and entry.expires_at <= now
            if entry is None or expired:
                if entry is not None:
                    self._evict(entry)
                return key
            self._hits += 1
            if entry.newer is not None:  # Comparing keys may have run code that took it out.
                entry.leave()
                self._ring.enter(entry)
            return entry.value

    def keep(self, key: CacheKey, value: Any, /) -> None:
        """Keeps the value, and drops what no longer fits; one that is there stays if there is a bound."""
        if self._maxsize == 0:
            return
        now = self._now()
        dropped: list[Any] = []
        with self._lock:
            present = self._entries.get(key)
            if present is not None and present.expires_at > now:
                if self._maxsize is None:
                    dropped.append(present.value)
                    present.value, present.expires_at = value, now + self._ttl_s
                return
            if present is not None:
                dropped.append(self._evict(present))
            entry = _Entry(key, value, now + self._ttl_s)
            entries = self._entries
            entries[key] = entry
            if entries is not self._entries:  # Comparing keys has cleared the cache.
                return
            self._ring.enter(entry)
            while self._maxsize is not None and len(self._entries) > self._maxsize:
                oldest = self._ring.newer
                if oldest is None or oldest is self._ring:
                    break
                dropped.append(self._evict(oldest))

    def hit(self) -> None:
        """Counts a hit."""
        with self._lock:
            self._hits += 1

    def miss(self) -> None:
        """Counts a miss."""
        with self._lock:
            self._misses += 1

    def counts(self) -> tuple[int, int, int]:
        """Hits and misses since it was cleared, and the number of entries."""
        with self._lock:
            return self._hits, self._misses, len(self._entries)

    def clear(self) -> None:
        """Forgets the entries and the counts."""
        with self._lock:
            dropped = self._entries
            self._entries = {}
            self._ring = _Ring()
            self._hits = self._misses = 0
        for entry in dropped.values():
            entry.older = entry.newer = None

    def _evict(self, entry: _Entry) -> _Entry:
        entry.leave()
        self._entries.pop(entry.key, None)
        return entry

    def _now(self) -> float:
        return 0.0 if self._ttl_s == math.inf else self._clock()


def call_cached(function: FunctionType, /) -> FunctionType:
    """The function, whose body calls its Lru anyway."""
    return function


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
) -> list[memoryview | None]:
    """Leaves every instrument to Python."""
    return [None] * len(instruments)


def render_tools(open_metrics: bool) -> tuple[memoryview, tuple[str, ...]]:
    """The text of nothing."""
    return memoryview(b""), ()


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
        open: bool = False,  # noqa: A002 (its name in the core)
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
