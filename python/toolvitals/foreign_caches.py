"""`instrument_cache`: records the look-ups of caches that exist already."""

from __future__ import annotations

import copyreg
import functools
import inspect
import sys
import threading
from collections.abc import Callable, ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from toolvitals import _backend
from toolvitals._backend import core

__all__ = ["instrument_cache"]

C = TypeVar("C")

_ABSENT: Any = object()
_COPYREG_NEW = vars(copyreg)["__newobj__"]


def instrument_cache(cache: C, name: str) -> C:
    """Records the look-ups of a cache: a mapping, a cachetools cache, or a `functools.lru_cache` function.

    Use what is returned instead of the cache. A mapping whose class is written in Python (cachetools caches, your own)
    is instrumented in place and returned itself; around a plain `dict`, or another built-in mapping, it is a
    MutableMapping that shows the same entries; around an lru_cache function, a function. `name` is the cache's, 1 to
    256 bytes of UTF-8.

    `cache[key]`, `get` and `pop(key)` are look-ups: each a hit or a miss. `in` is not, since a look-up mostly follows;
    `setdefault` is not, since the look-up mostly went before; iteration is not. Entries that a mapping drops by itself,
    while it is written to or finds them expired, are evictions; `del`, `pop`, `popitem` and `clear` of the user's are
    not. A value that a cachetools cache finds too large is a size rejection. The counts are as exact as the mapping's
    own locking.

    For an lru_cache function, hits and misses are the differences in its `cache_info()`, so calls around the returned
    function are recorded by its next call; evictions are derived (misses that neither failed nor grew the cache),
    exactly once no call is under way, unless threads computed the same entry twice.

    With `PERFORMANCE_METRICS_ENABLED=false` returns the cache itself. Raises TypeError for something that is no cache,
    TypeError or ValueError for a bad name.
    """
    if not _backend.enabled():
        return cache
    if callable(getattr(cache, "cache_info", None)) and callable(cache):
        if inspect.iscoroutinefunction(cache):
            raise TypeError("instrument_cache() does not know caches of coroutine functions; use toolvitals.cached")
        return cast("C", _instrument_function(cache, core.PerformanceMetricsCollector().cache(name)))
    if not isinstance(cache, MutableMapping):
        raise TypeError(f"instrument_cache() takes a mapping or an lru_cache function, not {cache!r}")
    handle = core.PerformanceMetricsCollector().cache(name)
    return cast("C", _instrument_mapping(cache, handle))


class _View(MutableMapping[Any, Any]):
    """The entries of a mapping whose class cannot be exchanged."""

    def __init__(self, cache: MutableMapping[Any, Any]) -> None:
        self._cache = cache

    def __getitem__(self, key: Any) -> Any:
        return self._cache[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._cache[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._cache[key]

    def __contains__(self, key: object) -> bool:
        return key in self._cache

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cache)

    def __len__(self) -> int:
        return len(self._cache)

    def __eq__(self, other: object) -> bool:
        return self._cache == (other._cache if isinstance(other, _View) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._cache)

    def get(self, key: Any, default: Any = None) -> Any:
        return self._cache.get(key, default)

    def pop(self, key: Any, *default: Any) -> Any:
        return self._cache.pop(key, *default)

    def popitem(self) -> tuple[Any, Any]:
        return self._cache.popitem()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        return self._cache.setdefault(key, default)

    def clear(self) -> None:
        self._cache.clear()

    def __getattr__(self, attribute: str) -> Any:
        # Copies and unpickled objects ask before _cache is there.
        if attribute == "_cache":
            raise AttributeError(attribute)
        return getattr(self._cache, attribute)


class _Recorder:
    """Records the outermost operation of each thread on one cache; what that does inside is its own affair."""

    def __init__(self, handle: core.CacheMetrics, raw_length: Callable[[Any], int], fills_gaps: bool) -> None:
        self.handle = handle
        self.fills_gaps = fills_gaps
        self._raw_length = raw_length
        self._busy: set[int] = set()

    def begin(self) -> bool:
        """Whether the operation that begins is an outermost one; then end() must follow."""
        thread = threading.get_ident()
        if thread in self._busy:
            return False
        self._busy.add(thread)
        return True

    def end(self) -> None:
        self._busy.discard(threading.get_ident())

    def count(self, hit: bool) -> None:
        if hit:
            self.handle.record_hit()
        else:
            self.handle.record_miss()

    @contextmanager
    def writing(self, cache: Any, key: Any = _ABSENT) -> Iterator[None]:
        """Counts the entries that are gone afterwards, other than by the write itself."""
        before = self._raw_length(cache)
        added = key is not _ABSENT and key not in cache
        try:
            yield
        except ValueError as error:
            if error.args == ("value too large",):
                self.handle.record_size_rejection()
            added = False
            raise
        except BaseException:
            added = False
            raise
        finally:
            for _ in range(before + added - self._raw_length(cache)):
                self.handle.record_eviction()


def _fills_gaps(cache: Any) -> bool:
    return hasattr(type(cache), "__missing__")


def _raw_length_of(cache: Any) -> Callable[[Any], int]:
    """How to count entries without having the expired ones removed."""
    cachetools = sys.modules.get("cachetools")
    if cachetools is not None and isinstance(cache, cachetools.Cache):
        return cast("Callable[[Any], int]", cachetools.Cache.__len__)
    return type(cache).__len__  # type: ignore[no-any-return]


def _instrument_mapping(cache: MutableMapping[Any, Any], handle: core.CacheMetrics) -> MutableMapping[Any, Any]:
    try:
        cache.__class__ = _recording_class(type(cache), _Recorder(handle, _raw_length_of(cache), _fills_gaps(cache)))
    except TypeError:
        view = _View(cache)
        view.__class__ = _recording_class(_View, _Recorder(handle, _View.__len__, _fills_gaps(cache)))
        return view
    return cache


def _recording_class(base: type[Any], recorder: _Recorder) -> type[Any]:
    """A subclass for one object: its class, with recording around what users call."""
    # Copies and pickles are plain again, for they are other caches.
    plain = vars(base).get("_plain_class", base)

    class Recording(base):  # type: ignore[misc]
        __slots__ = ()

        def __getitem__(self, key: Any) -> Any:
            if not recorder.begin():
                return base.__getitem__(self, key)
            try:
                hit = not recorder.fills_gaps or key in self
                with recorder.writing(self):
                    value = base.__getitem__(self, key)
            except KeyError:
                recorder.count(hit=False)
                raise
            finally:
                recorder.end()
            recorder.count(hit)
            return value

        def get(self, key: Any, default: Any = None) -> Any:
            if not recorder.begin():
                return base.get(self, key, default)
            try:
                value = base.get(self, key, _ABSENT)
            finally:
                recorder.end()
            recorder.count(hit=value is not _ABSENT)
            return default if value is _ABSENT else value

        def pop(self, key: Any, *default: Any, **keywords: Any) -> Any:
            if not recorder.begin():
                return base.pop(self, key, *default, **keywords)
            try:
                hit = key in self
                value = base.pop(self, key, *default, **keywords)
            except KeyError:
                recorder.count(hit=False)
                raise
            finally:
                recorder.end()
            recorder.count(hit)
            return value

        def setdefault(self, key: Any, default: Any = None) -> Any:
            if not recorder.begin():
                return base.setdefault(self, key, default)
            try:
                with recorder.writing(self, key):
                    return base.setdefault(self, key, default)
            finally:
                recorder.end()

        def __setitem__(self, key: Any, value: Any) -> None:
            if not recorder.begin():
                base.__setitem__(self, key, value)
                return
            try:
                with recorder.writing(self, key):
                    base.__setitem__(self, key, value)
            finally:
                recorder.end()

        def __reduce_ex__(self, protocol: Any) -> Any:
            return _replace(super().__reduce_ex__(protocol), {id(type(self)): plain, id(_COPYREG_NEW): _new_object})

    for name in ("__contains__", "__delitem__", "__eq__", "__repr__", "clear", "popitem"):
        if callable(getattr(base, name, None)):
            setattr(Recording, name, _quiet(getattr(base, name), recorder))
    for name in ("__copy__", "__deepcopy__", "copy"):
        if callable(getattr(base, name, None)):
            setattr(Recording, name, _plain_copy(getattr(base, name), recorder, plain))
    if base.items is Mapping.items and base.values is Mapping.values:
        Recording.items = lambda self: ItemsView(_Quiet(self, recorder))
        Recording.values = lambda self: ValuesView(_Quiet(self, recorder))
    if hasattr(base, "expire"):
        Recording.expire = _expire(base, recorder)
    Recording.__name__, Recording.__qualname__, Recording.__module__ = base.__name__, base.__qualname__, base.__module__
    Recording.__doc__ = base.__doc__
    Recording._plain_class = plain
    return Recording


def _quiet(method: Callable[..., Any], recorder: _Recorder) -> Callable[..., Any]:
    """The method as an outermost operation that is not a look-up, whatever it looks up inside."""

    @functools.wraps(method)
    def quiet(self: Any, *args: Any, **keywords: Any) -> Any:
        outermost = recorder.begin()
        try:
            return method(self, *args, **keywords)
        finally:
            if outermost:
                recorder.end()

    return quiet


def _plain_copy(method: Callable[..., Any], recorder: _Recorder, plain: type[Any]) -> Callable[..., Any]:
    """The method, quietly; what it makes of the object's own class gets the plain one."""
    quiet = _quiet(method, recorder)

    @functools.wraps(method)
    def copy(self: Any, *args: Any, **keywords: Any) -> Any:
        twin = quiet(self, *args, **keywords)
        if type(twin) is type(self) and twin is not self:
            twin.__class__ = plain
        return twin

    return copy


class _Quiet(Mapping[Any, Any]):
    """What the views of a MutableMapping look entries up in: iterating over values is no use of a cache."""

    def __init__(self, cache: Any, recorder: _Recorder) -> None:
        self._cache = cache
        self._look_up = _quiet(type(cache).__getitem__, recorder)

    def __getitem__(self, key: Any) -> Any:
        return self._look_up(self._cache, key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cache)

    def __len__(self) -> int:
        return len(self._cache)


def _expire(base: type[Any], recorder: _Recorder) -> Callable[..., Any]:
    """cachetools drops expired entries also when it is asked for its length; expire() is where they all go."""

    @functools.wraps(base.expire)
    def expire(self: Any, *args: Any, **keywords: Any) -> Any:
        if not recorder.begin():
            return base.expire(self, *args, **keywords)
        try:
            with recorder.writing(self):
                return base.expire(self, *args, **keywords)
        finally:
            recorder.end()

    return expire


def _new_object(cls: type[Any], *args: Any) -> Any:
    """As copyreg.__newobj__, for which pickle insists on the object's own class."""
    return cls.__new__(cls, *args)


def _replace(value: Any, replacements: dict[int, Any]) -> Any:
    """The value with the objects of those ids replaced, also in its tuples."""
    if type(value) is tuple:
        return tuple(_replace(item, replacements) for item in value)
    return replacements.get(id(value), value)


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


def _instrument_function(cache: Any, handle: core.CacheMetrics) -> Any:
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
