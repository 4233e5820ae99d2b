"""`instrument_cache`: records the look-ups of caches that exist already."""

from __future__ import annotations

import copyreg
import functools
import sys
import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from toolvitals import _backend
from toolvitals._backend import core
from toolvitals._kinds import is_coroutine_function
from toolvitals.caches._lru_functions import instrument_function

__all__ = ["instrument_cache"]

C = TypeVar("C")

_ABSENT: Any = object()
_COPYREG_NEW = vars(copyreg)["__newobj__"]
_MAX_PENDING_MISSES = 1024  # of one thread; calls nest less deeply than that


def instrument_cache(cache: C, name: str) -> C:
    """Records the look-ups of a cache: a mapping, a cachetools cache, or a `functools.lru_cache` function.

    Use what is returned instead of the cache. A mapping whose class is written in Python (cachetools caches, your own)
    is instrumented in place and returned itself; around a plain `dict`, or another built-in mapping, it is a
    MutableMapping that shows the same entries; around an lru_cache function, an object that is called, bound, copied
    and pickled as that is, at little more than its own cost. `name` is the cache's, 1 to 256 bytes of UTF-8.

    `cache[key]`, `get`, `pop(key)` and `setdefault` are look-ups: each a hit or a miss. A `setdefault` of a key that
    the same thread has just missed ends that look-up and is none of its own; so does `cachetools.cached`. `in` is no
    look-up, since one mostly follows; nor is iteration. Entries that a mapping drops by itself, while it is written to
    or finds them expired, are evictions; `del`, `pop`, `popitem` and `clear` of the user's are not. A value that a
    cachetools cache finds too large is a size rejection. The counts are as exact as the mapping's own locking.

    Whatever else the cache can do it does as before. Copies of it, and all that it makes of its own class, are other
    caches and are not recorded.

    For an lru_cache function, hits and misses are the differences in its `cache_info()`, so calls around the returned
    function are recorded by its next call; evictions are derived (misses that neither failed nor grew the cache),
    exactly once no call is under way, unless threads computed the same entry twice.

    With `PERFORMANCE_METRICS_ENABLED=false` returns the cache itself. Raises TypeError for something that is no cache,
    TypeError or ValueError for a bad name.
    """
    if not _backend.enabled():
        return cache
    if callable(getattr(cache, "cache_info", None)) and callable(cache):
        if is_coroutine_function(cache):
            raise TypeError("instrument_cache() does not know caches of coroutine functions; use toolvitals.cached")
        return cast("C", instrument_function(cache, core.PerformanceMetricsCollector().cache(name)))
    if not isinstance(cache, MutableMapping):
        raise TypeError(f"instrument_cache() takes a mapping or an lru_cache function, not {cache!r}")
    handle = core.PerformanceMetricsCollector().cache(name)
    return cast("C", _instrument_mapping(cache, handle))


class _View(MutableMapping[Any, Any]):
    """The entries of a mapping whose class cannot be exchanged."""

    _cache: MutableMapping[Any, Any]

    def __init__(self, cache: MutableMapping[Any, Any]) -> None:
        object.__setattr__(self, "_cache", cache)

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

    def __reversed__(self) -> Iterator[Any]:
        return cast("Iterator[Any]", reversed(cast("Any", self._cache)))

    def __len__(self) -> int:
        return len(self._cache)

    def __eq__(self, other: object) -> bool:
        return bool(self._cache == _seen_through(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._cache)

    def __or__(self, other: Any) -> Any:
        return cast("Any", self._cache) | _seen_through(other)

    def __ror__(self, other: Any) -> Any:
        return other | self._cache

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def get(self, *args: Any, **keywords: Any) -> Any:
        return self._cache.get(*args, **keywords)

    def pop(self, *args: Any, **keywords: Any) -> Any:
        return self._cache.pop(*args, **keywords)

    def popitem(self, *args: Any, **keywords: Any) -> tuple[Any, Any]:
        return self._cache.popitem(*args, **keywords)

    def setdefault(self, *args: Any, **keywords: Any) -> Any:
        return self._cache.setdefault(*args, **keywords)

    def keys(self) -> KeysView[Any]:
        return self._cache.keys()

    def items(self) -> ItemsView[Any, Any]:
        return self._cache.items()

    def values(self) -> ValuesView[Any]:
        return self._cache.values()

    def clear(self) -> None:
        self._cache.clear()

    def __getattr__(self, attribute: str) -> Any:
        # Copies and unpickled objects ask before _cache is there.
        if attribute == "_cache":
            raise AttributeError(attribute)
        return getattr(self._cache, attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        if attribute == "__class__":
            object.__setattr__(self, attribute, value)
        else:
            setattr(self._cache, attribute, value)


def _seen_through(thing: object) -> Any:
    return thing._cache if isinstance(thing, _View) else thing


class _PendingMisses(threading.local):
    """What this thread has missed and not stored since, the latest last. Hashes, so that no key is kept alive."""

    def __init__(self) -> None:
        self._hashes: dict[int, None] = {}

    def add(self, key: Any) -> None:
        number = _hash(key)
        if number is None:
            return
        self._hashes.pop(number, None)
        self._hashes[number] = None
        if len(self._hashes) > _MAX_PENDING_MISSES:
            del self._hashes[next(iter(self._hashes))]

    def take(self, key: Any) -> bool:
        """Whether the key was one; it is none any more."""
        return self._hashes.pop(_hash(key), self) is None  # type: ignore[arg-type]


def _hash(key: Any) -> int | None:
    try:
        return hash(key)
    except Exception:
        return None


class _Recorder:
    """Records the outermost operation of each thread on one cache; what that does inside is its own affair."""

    def __init__(self, handle: core.CacheMetrics, raw_length: Callable[[Any], int], fills_gaps: bool) -> None:
        self.handle = handle
        self.fills_gaps = fills_gaps
        self._raw_length = raw_length
        self._busy: set[int] = set()
        self._misses = _PendingMisses()

    def begin(self) -> bool:
        """Whether the operation that begins is an outermost one; then end() must follow."""
        thread = threading.get_ident()
        if thread in self._busy:
            return False
        self._busy.add(thread)
        return True

    def end(self) -> None:
        self._busy.discard(threading.get_ident())

    def looked_up(self, key: Any, hit: bool) -> None:
        if hit:
            self.handle.record_hit()
        else:
            self.handle.record_miss()
            self._misses.add(key)

    def stored(self, key: Any) -> bool:
        """Whether this thread had missed the key and so had looked it up before."""
        return self._misses.take(key)

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
    # Copies and pickles are plain again, for they are other caches. So is whatever a method makes of its own class.
    plain = vars(base).get("_plain_class", base)

    class Siblings(type(base)):  # type: ignore[misc]
        def __call__(cls, *args: Any, **keywords: Any) -> Any:
            return plain(*args, **keywords)

    class Recording(base, metaclass=Siblings):  # type: ignore[misc]
        __slots__ = ()

        def __new__(cls, *args: Any, **keywords: Any) -> Any:
            return plain.__new__(plain, *args, **keywords)

        def __getitem__(self, key: Any) -> Any:
            if not recorder.begin():
                return base.__getitem__(self, key)
            try:
                hit = not recorder.fills_gaps or key in self
                with recorder.writing(self):
                    value = base.__getitem__(self, key)
            except KeyError:
                recorder.looked_up(key, hit=False)
                raise
            finally:
                recorder.end()
            recorder.looked_up(key, hit)
            return value

        def get(self, key: Any, default: Any = None) -> Any:
            if not recorder.begin():
                return base.get(self, key, default)
            try:
                value = base.get(self, key, _ABSENT)
            finally:
                recorder.end()
            recorder.looked_up(key, hit=value is not _ABSENT)
            return default if value is _ABSENT else value

        def pop(self, key: Any, *default: Any, **keywords: Any) -> Any:
            if not recorder.begin():
                return base.pop(self, key, *default, **keywords)
            try:
                hit = not recorder.fills_gaps or key in self
                value = base.pop(self, key, *[_ABSENT] * len(default), **dict.fromkeys(keywords, _ABSENT))
            except KeyError:
                recorder.looked_up(key, hit=False)
                raise
            finally:
                recorder.end()
            recorder.looked_up(key, hit and value is not _ABSENT)
            return [*default, *keywords.values()][0] if value is _ABSENT else value

        def setdefault(self, key: Any, default: Any = None) -> Any:
            if not recorder.begin():
                return base.setdefault(self, key, default)
            try:
                hit = key in self
                if not recorder.stored(key):
                    recorder.looked_up(key, hit)
                    recorder.stored(key)
                with recorder.writing(self, key):
                    return base.setdefault(self, key, default)
            finally:
                recorder.end()

        def __setitem__(self, key: Any, value: Any) -> None:
            if not recorder.begin():
                base.__setitem__(self, key, value)
                return
            try:
                recorder.stored(key)
                with recorder.writing(self, key):
                    base.__setitem__(self, key, value)
            finally:
                recorder.end()

        def __reduce_ex__(self, protocol: Any) -> Any:
            return _replace(super().__reduce_ex__(protocol), {id(type(self)): plain, id(_COPYREG_NEW): _new_object})

    for name in ("__contains__", "__delitem__", "__eq__", "__or__", "__repr__", "__ror__", "clear", "popitem"):
        # Not getattr, which also finds what classes themselves can, such as `|`.
        if any(name in vars(ancestor) for ancestor in base.__mro__):
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
