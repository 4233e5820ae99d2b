"""What `cached` keeps: entries in the order of their use, under keys made of a call's arguments."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar, cast

from toolvitals._backend import core

__all__ = ["ABSENT", "CacheInfo", "Key", "Lru", "MakeKey", "make_key"]

R = TypeVar("R")

# Given where there is no entry.
ABSENT: Any = object()


class CacheInfo(NamedTuple):
    """What `cache_info()` gives, as `functools.lru_cache` does; expired entries that were not met yet count in
    `currsize`."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class _Entry(Generic[R]):
    __slots__ = ("expires_at", "value")

    def __init__(self, value: R, expires_at: float) -> None:
        self.value = value
        self.expires_at = expires_at


class Lru(Generic[R]):
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
        """The value, or ABSENT. Records nothing but the eviction of an expired entry."""
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
        return cast("R", ABSENT)

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


class Key(list[Any]):
    """The arguments with their hash, so that user code computes it once, and not under the lock."""

    __slots__ = ("hash",)

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self[:] = parts
        self.hash = hash(parts)

    def __hash__(self) -> int:  # type: ignore[override]
        return self.hash


_KEYWORDS_FOLLOW = object()


def make_key(args: tuple[Any, ...], kwargs: dict[str, Any], typed: bool) -> Key:
    """What lru_cache takes for the same call: positions, then keywords in the order given, then perhaps types."""
    parts = args
    if kwargs:
        parts += (_KEYWORDS_FOLLOW,)
        for item in kwargs.items():
            parts += item
    if typed:
        parts += tuple(type(value) for value in args)
        parts += tuple(type(value) for value in kwargs.values())
    return Key(parts)


MakeKey = Callable[[tuple[Any, ...], dict[str, Any]], Key]
