"""`cached`: an LRU cache around a function that records itself."""

from __future__ import annotations

import asyncio
import functools
import inspect
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, cast, overload

from toolvitals._backend import core

__all__ = ["CacheInfo", "CachedFunction", "cached"]

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

_ABSENT: Any = object()


class CacheInfo(NamedTuple):
    """What `cache_info()` gives, as `functools.lru_cache` does; expired entries that were not met yet count in
    `currsize`."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class CachedFunction(Protocol[P, R_co]):
    """A function as `cached` returns it."""

    @property
    def __wrapped__(self) -> Callable[P, R_co]: ...
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def cache_info(self) -> CacheInfo:
        """Hits and misses since the cache was made or cleared, and its size."""

    def cache_clear(self) -> None:
        """Forgets the entries and cache_info()'s counts; what was recorded stays."""

    def cache_parameters(self) -> dict[str, Any]:
        """`maxsize`, `typed` and `ttl_s`."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> CachedFunction[P, R_co]: ...
    @overload
    def __get__(
        self: CachedFunction[Concatenate[S, Q], R], instance: S, owner: type | None = None, /
    ) -> CachedFunction[Q, R]: ...


class _Decorator(Protocol):
    def __call__(self, function: Callable[P, R], /) -> CachedFunction[P, R]: ...


def cached(
    name: str,
    maxsize: int | None = 128,
    typed: bool = False,
    ttl_s: float | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> _Decorator:
    """Keeps the results of a function, as `functools.lru_cache` does, and records every look-up.

    `name` is the cache's, 1 to 256 bytes of UTF-8. `maxsize` is the number of entries, None for no bound, 0 (or less)
    to keep nothing; past it the entry used least recently is evicted. With `typed`, 3 and 3.0 are different arguments.
    `ttl_s` is how many seconds an entry lives after it was made (finite, over 0), None for ever; one found expired is
    an eviction and a miss. `clock` gives seconds and never goes back; it is there for tests.

    The function gets `cache_info()`, `cache_clear()`, `cache_parameters()` and `__wrapped__`. It may be a method
    (`self` is part of the key) or a coroutine function: then its tasks that miss the same entry at the same time, on
    the same asyncio event loop, share one computation, and its exception; where the task that computes is cancelled,
    another one begins anew. Whoever is served so counts as a hit. Nothing is shared between threads, or under trio.

    Exceptions are not kept. With `PERFORMANCE_METRICS_ENABLED=false` the cache works and is not recorded. Raises
    TypeError or ValueError for bad arguments, and TypeError for generator functions, whose results serve only once.
    Thread-safe; no lock is held while the function runs.
    """
    if callable(name):
        raise TypeError('cached() wants the name of the cache first: @cached("files")')
    if maxsize is not None and (isinstance(maxsize, bool) or not isinstance(maxsize, int)):
        raise TypeError(f"maxsize must be an int or None, not {maxsize!r}")
    _check_ttl(ttl_s)
    handle = core.PerformanceMetricsCollector().cache(name)

    def decorate(function: Callable[P, R], /) -> CachedFunction[P, R]:
        _check_function(function)
        bound = None if maxsize is None else max(maxsize, 0)
        lru: _Lru[Any] = _Lru(handle, bound, None if ttl_s is None else float(ttl_s), clock)
        make_key = functools.partial(_key, typed=bool(typed))
        wrap = _wrap_coroutine if inspect.iscoroutinefunction(function) else _wrap_function
        wrapper: Any = functools.wraps(function)(wrap(function, lru, make_key))
        wrapper.cache_info = lru.info
        wrapper.cache_clear = lru.clear
        wrapper.cache_parameters = lambda: {"maxsize": bound, "typed": bool(typed), "ttl_s": ttl_s}
        return cast("CachedFunction[P, R]", wrapper)

    return decorate


def _check_ttl(ttl_s: object) -> None:
    if ttl_s is None:
        return
    if isinstance(ttl_s, bool) or not isinstance(ttl_s, (int, float)):
        raise TypeError(f"ttl_s must be a number of seconds or None, not {ttl_s!r}")
    if not 0 < ttl_s < math.inf:
        raise ValueError(f"ttl_s={ttl_s!r} is not allowed: it must be a finite number of seconds over 0")


def _check_function(function: object) -> None:
    if isinstance(function, (staticmethod, classmethod)):
        raise TypeError(f"put @cached below @{type(function).__name__}")
    if not callable(function):
        raise TypeError(f"@cached decorates callables, not {function!r}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError("@cached cannot decorate a generator function: a generator serves only once")


class _Entry(Generic[R]):
    __slots__ = ("expires_at", "value")

    def __init__(self, value: R, expires_at: float) -> None:
        self.value = value
        self.expires_at = expires_at


class _Lru(Generic[R]):
    """The entries, the least recently used first.

    Thread-safe. The lock is re-entrant, because keys compare themselves with user code and the garbage collector may
    run anything at any allocation; nothing else of the user's runs under it. What is dropped is handed out of the
    lock first, so that finalizers run outside.
    """

    def __init__(
        self, handle: core.CacheMetrics, maxsize: int | None, ttl_s: float | None, clock: Callable[[], float]
    ) -> None:
        self._handle = handle
        self._maxsize = maxsize
        self._ttl_s = ttl_s
        self._clock = clock
        self._lock = threading.RLock()
        self._entries: OrderedDict[Any, _Entry[R]] = OrderedDict()
        self._hits = 0
        self._misses = 0

    @property
    def keeps(self) -> bool:
        return self._maxsize != 0

    def find(self, key: Any) -> R:
        """The value, or _ABSENT. Records nothing but the eviction of an expired entry."""
        now = 0.0 if self._ttl_s is None else self._clock()
        expired = None
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.expires_at <= now:
                expired = self._entries.pop(key, None)
                entry = None
            if entry is not None:
                # Comparing keys may have run code that removed the entry meanwhile.
                if key in self._entries:
                    self._entries.move_to_end(key)
                return entry.value
        if expired is not None:
            self._handle.record_eviction()
        return cast("R", _ABSENT)

    def keep(self, key: Any, value: R) -> None:
        """Adds the value, unless another thread was faster; evicts what no longer fits."""
        if self._maxsize == 0:
            return
        now = 0.0 if self._ttl_s is None else self._clock()
        fresh = _Entry(value, math.inf if self._ttl_s is None else now + self._ttl_s)
        dropped: list[_Entry[R]] = []
        with self._lock:
            present = self._entries.get(key)
            if present is not None and present.expires_at > now:
                return
            if present is not None:
                dropped.append(present)
                self._entries.pop(key, None)
            self._entries[key] = fresh
            while self._maxsize is not None and len(self._entries) > self._maxsize:
                dropped.append(self._entries.popitem(last=False)[1])
        for _ in dropped:
            self._handle.record_eviction()

    def hit(self) -> None:
        with self._lock:
            self._hits += 1
        self._handle.record_hit()

    def miss(self) -> None:
        with self._lock:
            self._misses += 1
        self._handle.record_miss()

    def info(self) -> CacheInfo:
        with self._lock:
            return CacheInfo(self._hits, self._misses, self._maxsize, len(self._entries))

    def clear(self) -> None:
        with self._lock:
            dropped = self._entries
            self._entries = OrderedDict()
            self._hits = self._misses = 0
        dropped.clear()


class _Key(list[Any]):
    """The arguments with their hash, so that user code computes it once, and not under the lock."""

    __slots__ = ("hash",)

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self[:] = parts
        self.hash = hash(parts)

    def __hash__(self) -> int:  # type: ignore[override]
        return self.hash


_KEYWORDS_FOLLOW = object()


def _key(args: tuple[Any, ...], kwargs: dict[str, Any], typed: bool) -> _Key:
    """What lru_cache takes for the same call: positions, then keywords in the order given, then perhaps types."""
    parts = args
    if kwargs:
        parts += (_KEYWORDS_FOLLOW,)
        for item in kwargs.items():
            parts += item
    if typed:
        parts += tuple(type(value) for value in args)
        parts += tuple(type(value) for value in kwargs.values())
    return _Key(parts)


_MakeKey = Callable[[tuple[Any, ...], dict[str, Any]], _Key]


def _wrap_function(function: Callable[..., Any], lru: _Lru[Any], make_key: _MakeKey) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = make_key(args, kwargs)
        value = lru.find(key)
        if value is not _ABSENT:
            lru.hit()
            return value
        lru.miss()
        value = function(*args, **kwargs)
        lru.keep(key, value)
        return value

    return wrapper


class _Failure:
    """The exception of a computation, as it was when the computation ended.

    Those who wait all raise this one object, as those who await an asyncio.Future do. Each of them begins with what it
    was then: raising adds frames and a context, which would else be those of all who raised it before.
    """

    __slots__ = ("_chain", "_traceback", "error")

    def __init__(self, error: Exception) -> None:
        self.error = error
        self._traceback = error.__traceback__
        # In this order: setting a cause suppresses the context.
        self._chain = {name: getattr(error, name) for name in ("__cause__", "__context__", "__suppress_context__")}

    def restored(self) -> Exception:
        for name, value in self._chain.items():
            object.__setattr__(self.error, name, value)  # also where the class lets nobody set its attributes
        return self.error.with_traceback(self._traceback)


class _Flight:
    """A computation under way on one event loop, and the tasks that wait for it."""

    __slots__ = ("done", "failure", "task", "value")

    def __init__(self, done: asyncio.Future[None], task: asyncio.Task[Any] | None) -> None:
        self.done = done
        self.task = task
        self.value: Any = _ABSENT
        self.failure: _Failure | None = None

    def land(self) -> None:
        if not self.done.done() and not self.done.get_loop().is_closed():
            self.done.set_result(None)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _wrap_coroutine(function: Callable[..., Any], lru: _Lru[Any], make_key: _MakeKey) -> Callable[..., Any]:
    # Only the thread of the loop in the key touches an entry, so no lock is needed.
    flights: dict[tuple[asyncio.AbstractEventLoop, _Key], _Flight] = {}

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = make_key(args, kwargs)
        loop = _running_loop()
        while True:
            value = lru.find(key)
            if value is not _ABSENT:
                lru.hit()
                return value
            flight = flights.get((loop, key)) if loop is not None and lru.keeps else None
            # A computation that needs its own result again must not wait for itself.
            if flight is None or flight.task is asyncio.current_task():
                lru.miss()
                return await (compute(key, args, kwargs) if loop is None or flight else lead(loop, key, args, kwargs))
            await asyncio.shield(flight.done)
            if flight.failure is not None:
                lru.miss()
                try:
                    raise flight.failure.restored()
                finally:
                    # The traceback holds this frame, which must not hold the exception in turn.
                    del flight
            if flight.value is not _ABSENT:
                lru.hit()
                return flight.value

    async def compute(key: _Key, args: Any, kwargs: Any) -> Any:
        value = await function(*args, **kwargs)
        lru.keep(key, value)
        return value

    async def lead(loop: asyncio.AbstractEventLoop, key: _Key, args: Any, kwargs: Any) -> Any:
        if not lru.keeps:
            return await function(*args, **kwargs)
        flight = flights[loop, key] = _Flight(loop.create_future(), asyncio.current_task())
        try:
            flight.value = await compute(key, args, kwargs)
            return flight.value
        except Exception as error:
            flight.failure = _Failure(error)
            raise
        finally:
            # After a cancellation there is neither value nor failure, and one of those who wait begins anew.
            del flights[loop, key]
            flight.land()
            del flight

    return wrapper
