"""Records the look-ups of functions that `functools.lru_cache` made."""

from __future__ import annotations

import functools
import threading
from typing import Any

from toolvitals._backend import core

__all__ = ["instrument_function"]


class _Deltas:
    """Turns the totals of an lru_cache into records. Its lock is never held while the cached function runs."""

    def __init__(self, cache: Any, handle: core.CacheMetrics) -> None:
        self._cache = cache
        self._handle = handle
        self._lock = threading.RLock()
        self._under_way = 0
        self._start_over()

    def _start_over(self) -> None:
        info = self._cache.cache_info()
        self._hits, self._misses, self._evictions, self._failures = info.hits, info.misses, 0, 0
        self._baseline = info.misses - info.currsize

    def begin(self) -> None:
        with self._lock:
            self._under_way += 1

    def end(self, failed: bool) -> None:
        with self._lock:
            self._under_way -= 1
            self._failures += failed
            self.collect()

    def collect(self) -> None:
        with self._lock:
            info = self._cache.cache_info()
            if info.hits < self._hits or info.misses < self._misses:
                self._hits = self._misses = self._evictions = self._failures = self._baseline = 0
            hits, self._hits = info.hits - self._hits, info.hits
            misses, self._misses = info.misses - self._misses, info.misses
            # Each call under way may be a miss that is yet to add its entry.
            gone = info.misses - self._baseline - self._failures - info.currsize - self._under_way
            if info.maxsize is None:
                gone = 0
            evictions = max(gone - self._evictions, 0)
            self._evictions += evictions
        for count, record in (
            (hits, self._handle.record_hit),
            (misses, self._handle.record_miss),
            (evictions, self._handle.record_eviction),
        ):
            for _ in range(count):
                record()

    def clear(self) -> None:
        with self._lock:
            self.collect()
            self._cache.cache_clear()
            self._start_over()


def instrument_function(cache: Any, handle: core.CacheMetrics) -> Any:
    """What calls a function that has `cache_info()` and records what that counts.

    The core does so for those of functools, as an object that has the attributes of the function and binds as it does;
    for others, such as cachetools', it is a function of Python.
    """
    counted = core.count_lru(cache, handle)
    return _function_around(cache, handle) if counted is None else functools.update_wrapper(counted, cache)


def _function_around(cache: Any, handle: core.CacheMetrics) -> Any:
    deltas = _Deltas(cache, handle)

    @functools.wraps(cache)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        deltas.begin()
        failed = True
        try:
            value = cache(*args, **kwargs)
            failed = False
        except TypeError:
            failed = _hashable(args, kwargs)
            raise
        finally:
            deltas.end(failed)
        return value

    wrapper.cache_info = cache.cache_info  # type: ignore[attr-defined]
    wrapper.cache_clear = deltas.clear  # type: ignore[attr-defined]
    if hasattr(cache, "cache_parameters"):
        wrapper.cache_parameters = cache.cache_parameters  # type: ignore[attr-defined]
    return wrapper


def _hashable(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the call got as far as a look-up: lru_cache refuses arguments that cannot be hashed before it counts."""
    try:
        hash((args, tuple(kwargs.values())))
    except TypeError:
        return False
    return True
