"""`cached`: an LRU cache around a function that records itself."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from types import FunctionType
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar, cast, overload

from toolvitals._backend import core
from toolvitals._kinds import is_async_generator_function, is_coroutine_function, is_generator_function

__all__ = ["CacheInfo", "CachedFunction", "cached"]

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")


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
    another one begins anew. Whoever is served so counts as a hit. After `cache_clear()` nobody joins a computation that
    was begun before it, and its result is not kept. Nothing is shared between threads, or under trio.

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
        lru = core.Lru(function, handle, bound, bool(typed), ttl_s, None if clock is time.monotonic else clock)
        call, clear = _wrapper(lru, function)
        wrapper: Any = functools.wraps(function)(call)
        wrapper.cache_info = lambda: CacheInfo(*(counts := lru.counts())[:2], bound, counts[2])
        wrapper.cache_clear = clear
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
    if is_generator_function(function) or is_async_generator_function(function):
        raise TypeError("@cached cannot decorate a generator function: a generator serves only once")


def _wrapper(lru: core.Lru, function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[[], None]]:
    """What is called in the function's place, and what clears the cache."""
    if is_coroutine_function(function):
        # Late, for asyncio takes longer to import than the rest of the package.
        from toolvitals.caches._coroutines import wrap_coroutine

        return wrap_coroutine(lru, function)

    # The core takes its calls past this body, but for CPython 3.11, which does not ask, and for copies of its code.
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return lru(*args, **kwargs)

    return core.call_cached(cast("FunctionType", wrapper)), lru.clear
