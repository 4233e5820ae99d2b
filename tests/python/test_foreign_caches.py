"""caches: recording the look-ups of caches that exist already."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import threading
import weakref
from collections import ChainMap, OrderedDict, UserDict, defaultdict
from typing import Any

import cachetools
import cachetools.func
import pytest

import toolvitals as tv

pytestmark = pytest.mark.usefixtures("from_zero")


def recorded(name: str = "c") -> tuple[int, int, int, int]:
    """Hits, misses, evictions and size rejections."""
    metrics = tv.get_collector().get_cache_metrics(name)
    assert metrics is not None
    return metrics["hits"], metrics["misses"], metrics["evictions"], metrics["size_rejections"]


class Bounded(OrderedDict[Any, Any]):
    """The recipe of the standard library's documentation."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > 2:
            del self[next(iter(self))]


MAPPINGS = [dict, OrderedDict, UserDict, Bounded, lambda: cachetools.LRUCache(8), lambda: defaultdict(list), ChainMap]


@pytest.mark.parametrize("make", MAPPINGS)
def test_look_ups(make: Any) -> None:
    original = make()
    cache = tv.instrument_cache(original, "c")
    cache["a"] = 1
    assert cache["a"] == 1
    assert cache.get("a") == 1
    assert cache.get("b") is None
    assert cache.get("b", 5) == 5
    assert recorded() == (2, 2, 0, 0)
    assert "a" in cache
    assert "b" not in cache
    assert len(cache) == 1
    assert list(cache) == ["a"]
    assert recorded() == (2, 2, 0, 0)
    assert cache.setdefault("a", 9) == 1
    assert cache.setdefault("b", 9) == 9
    assert cache.pop("b") == 9
    assert cache.pop("b", None) is None
    with pytest.raises(KeyError):
        cache.pop("b")
    assert recorded() == (4, 4, 0, 0)
    del cache["a"]
    cache.update({"x": 1})
    assert list(cache.items()) == [("x", 1)]
    assert list(cache.values()) == [1]
    assert cache == {"x": 1}
    assert cache.popitem() == ("x", 1)
    cache.clear()
    assert not original
    assert recorded() == (4, 4, 0, 0)


@pytest.mark.parametrize("make", [dict, OrderedDict, UserDict, lambda: cachetools.LRUCache(8)])
def test_a_missing_key_raises_and_is_a_miss(make: Any) -> None:
    cache = tv.instrument_cache(make(), "c")
    with pytest.raises(KeyError, match="a"):
        cache["a"]
    assert recorded() == (0, 1, 0, 0)


def test_a_mapping_that_fills_its_gaps_still_misses() -> None:
    cache = tv.instrument_cache(defaultdict(list), "c")
    cache["a"].append(1)
    assert cache["a"] == [1]
    assert recorded() == (1, 1, 0, 0)


def test_a_python_class_is_instrumented_in_place() -> None:
    original = cachetools.LRUCache[str, int](2)
    assert tv.instrument_cache(original, "c") is original
    assert isinstance(original, cachetools.LRUCache)
    assert type(original).__name__ == "LRUCache"
    original["a"] = 1
    assert original["a"] == 1
    assert recorded() == (1, 0, 0, 0)


def test_a_built_in_mapping_is_seen_through() -> None:
    original: dict[str, int] = {"a": 1}
    cache = tv.instrument_cache(original, "c")
    cache["b"] = 2
    assert original == {"a": 1, "b": 2}
    assert cache == original
    assert repr(cache) == repr(original)
    assert list(cache.items()) == [("a", 1), ("b", 2)]
    assert cache.copy() == original
    with pytest.raises(AttributeError):
        cache.no_such_attribute  # type: ignore[attr-defined]  # noqa: B018


def test_cachetools_evictions_and_rejections() -> None:
    cache = tv.instrument_cache(cachetools.LRUCache(10, getsizeof=len), "c")
    for key in "abcde":
        cache[key] = "1234"
    assert recorded() == (0, 0, 3, 0)
    with pytest.raises(ValueError, match="value too large"):
        cache["f"] = "x" * 11
    assert recorded() == (0, 0, 3, 1)
    cache["g"] = "x" * 10
    assert recorded() == (0, 0, 5, 1)
    cache["g"] = "y"
    assert recorded() == (0, 0, 5, 1)
    assert cache.setdefault("h", "x" * 10) == "x" * 10
    assert recorded() == (0, 1, 6, 1)
    with pytest.raises(ValueError, match="value too large"):
        cache.setdefault("i", "x" * 11)
    assert recorded() == (0, 2, 6, 2)


@pytest.mark.parametrize("kind", [cachetools.FIFOCache, cachetools.LFUCache, cachetools.LRUCache, cachetools.RRCache])
def test_every_policy_of_cachetools(kind: Any) -> None:
    cache = tv.instrument_cache(kind(3), "c")
    for i in range(10):
        cache[i] = i
    assert recorded() == (0, 0, 7, 0)
    assert len(cache) == 3


def test_cachetools_expiry() -> None:
    now = 0.0
    cache = tv.instrument_cache(cachetools.TTLCache(10, ttl=5, timer=lambda: now), "c")
    cache["a"] = 1
    cache["b"] = 2
    assert cache["a"] == 1
    now = 6.0
    assert cache.get("a") is None
    cache["c"] = 3
    assert recorded() == (1, 1, 2, 0)
    now = 12.0
    assert len(cache) == 0
    assert recorded() == (1, 1, 3, 0)
    cache["d"] = 1
    now = 18.0
    cache["d"] = 2
    assert recorded() == (1, 1, 4, 0)
    now = 24.0
    cache.expire()
    assert recorded() == (1, 1, 5, 0)


def test_cachetools_decorator() -> None:
    cache = tv.instrument_cache(cachetools.LRUCache(2), "c")
    lock = threading.Lock()

    @cachetools.cached(cache, lock=lock)
    def double(x: int) -> int:
        return x * 2

    assert [double(x) for x in (1, 1, 2, 3)] == [2, 2, 4, 6]
    assert recorded() == (1, 3, 1, 0)


@pytest.mark.parametrize("make", MAPPINGS)
def test_setdefault_is_a_look_up(make: Any) -> None:
    cache = tv.instrument_cache(make(), "c")

    def recorded() -> tuple[int, int]:
        metrics = tv.get_collector().get_cache_metrics("c")
        assert metrics is not None
        return metrics["hits"], metrics["misses"]

    assert cache.setdefault("a", 1) == 1
    assert recorded() == (0, 1)
    assert cache.setdefault("a", 2) == 1
    assert recorded() == (1, 1)
    # One that ends a look-up is none of its own, whatever was looked up in between.
    assert cache.get("b") is None
    assert cache.get("c") is None
    assert recorded() == (1, 3)
    assert cache.setdefault("c", 3) == 3
    assert cache.setdefault("b", 3) == 3
    assert recorded() == (1, 3)
    del cache["b"]
    assert cache.setdefault("b", 4) == 4
    assert recorded() == (1, 4)
    # Another thread's miss is not this one's.
    thread = threading.Thread(target=cache.get, args=["d"])
    thread.start()
    thread.join()
    assert cache.setdefault("d", 5) == 5
    assert recorded() == (1, 6)


def test_misses_that_nobody_ends_hold_no_key_and_no_memory() -> None:
    class Key:
        pass

    cache = tv.instrument_cache({}, "c")
    keys = [Key() for _ in range(3000)]
    alive = weakref.WeakSet(keys)
    for key in keys:
        cache.get(key)
    cache.setdefault(keys[-1])
    cache.setdefault(keys[0])
    assert recorded() == (0, 3001, 0, 0)  # the last was remembered, the first was not any more
    cache.clear()
    del key, keys
    gc.collect()
    assert not alive


def test_recursion_through_cachetools() -> None:
    cache = tv.instrument_cache(cachetools.LRUCache(100), "c")

    @cachetools.cached(cache, lock=threading.RLock())
    def fibonacci(n: int) -> int:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(50) == 12586269025
    assert recorded() == (48, 51, 0, 0)


def test_what_a_cache_makes_of_its_own_class_is_not_recorded() -> None:
    class Pairs(UserDict[str, int]):
        def sibling(self) -> Pairs:
            return self.__class__(z=26)

    ordered = tv.instrument_cache(Bounded(a=1), "c")
    chained = tv.instrument_cache(ChainMap({"a": 1}, {"b": 2}), "c")
    pairs = tv.instrument_cache(Pairs(a=1), "c")
    siblings = [
        (pairs.sibling(), Pairs),
        (pairs | {"b": 2}, Pairs),
        ({"b": 2} | pairs, Pairs),
        (type(pairs).fromkeys("ab"), Pairs),
        (ordered | {"b": 2}, Bounded),
        ({"b": 2} | ordered, Bounded),
        (ordered.copy(), Bounded),
        (type(ordered).fromkeys("ab"), Bounded),
        (chained.new_child(), ChainMap),
        (chained.parents, ChainMap),
        (chained.copy(), ChainMap),
        (chained | {"c": 3}, ChainMap),
    ]
    assert recorded() == (0, 0, 0, 0)
    for sibling, plain in siblings:
        assert type(sibling) is plain
        sibling.get("a")
    assert recorded() == (0, 0, 0, 0)
    assert [pairs["a"], ordered["a"], chained["a"]] == [1, 1, 1]
    assert recorded() == (3, 0, 0, 0)


def test_what_only_some_built_in_mappings_can() -> None:
    ordered = tv.instrument_cache(OrderedDict(a=1, b=2, c=3), "c")
    ordered.move_to_end("a")
    assert list(reversed(ordered)) == ["a", "c", "b"]
    assert ordered.popitem(last=False) == ("b", 2)
    assert ordered.pop("z", default=9) == 9
    missing = tv.instrument_cache(defaultdict[str, Any](int), "c")
    missing.default_factory = list
    assert missing["a"] == []
    plain = tv.instrument_cache({"a": 1}, "c")
    plain |= {"b": 2}
    assert plain == {"a": 1, "b": 2}
    assert plain | {"c": 3} == {"a": 1, "b": 2, "c": 3}
    assert {"c": 3} | plain == {"c": 3, "a": 1, "b": 2}
    assert plain | plain == plain
    assert type(plain | {}) is dict
    assert plain.keys() & {"a"} == {"a"}
    plain |= {"d": 4}
    plain["d"]
    assert recorded() == (1, 2, 0, 0)


def test_a_mapping_that_evicts_by_itself() -> None:
    cache = tv.instrument_cache(Bounded(), "c")
    for i in range(5):
        cache[i] = i
    cache[4] = 5
    assert recorded() == (0, 0, 3, 0)
    assert list(cache) == [3, 4]


def test_copies_and_pickles_are_not_recorded() -> None:
    cache = tv.instrument_cache(cachetools.LRUCache[str, int](2), "c")
    cache["a"] = 1
    for twin in (copy.copy(cache), copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))):
        assert type(twin) is cachetools.LRUCache
        before = recorded()
        assert twin["a"] == 1
        assert recorded() == before


class Copying(UserDict[str, int]):
    """Makes copies of its own class, as some versions of cachetools do."""

    def __copy__(self) -> Copying:
        return type(self)(self.data)

    def __deepcopy__(self, memo: object) -> Copying:
        return type(self)(self.data)

    def copy(self) -> Copying:
        return type(self)(self.data)


@pytest.mark.parametrize("names", [["c"], ["c", "d"]])
def test_copies_by_the_caches_own_methods_are_not_recorded(names: list[str]) -> None:
    cache = Copying(a=1)
    for name in names:
        cache = tv.instrument_cache(cache, name)
    for twin in (copy.copy(cache), copy.deepcopy(cache), cache.copy(), pickle.loads(pickle.dumps(cache))):
        assert type(twin) is Copying
        before = [recorded(name) for name in names]
        assert twin["a"] == 1
        assert [recorded(name) for name in names] == before


def test_instrumented_twice_records_under_both_names() -> None:
    cache = tv.instrument_cache(tv.instrument_cache(cachetools.LRUCache(2), "one"), "two")
    cache["a"] = 1
    assert cache["a"] == 1
    assert recorded("one") == recorded("two") == (1, 0, 0, 0)


def test_lru_cache_functions() -> None:
    @functools.lru_cache(maxsize=2)
    def bare(x: int) -> int:
        """Doubles."""
        if x < 0:
            raise ValueError(x)
        return x * 2

    bare(1)
    double = tv.instrument_cache(bare, "c")
    assert recorded() == (0, 0, 0, 0)
    assert [double(x) for x in (1, 2, 3, 3)] == [2, 4, 6, 6]
    assert recorded() == (2, 2, 1, 0)
    for _ in range(3):
        with pytest.raises(ValueError, match="-1"):
            double(-1)
    assert recorded() == (2, 5, 1, 0)
    with pytest.raises(TypeError, match="unhashable"):
        double([])  # type: ignore[arg-type]
    assert recorded() == (2, 5, 1, 0)
    double(4)
    assert recorded() == (2, 6, 2, 0)
    assert double.cache_info() == bare.cache_info()
    assert double.cache_parameters() == {"maxsize": 2, "typed": False}
    assert double.__name__ == "bare"
    assert double.__wrapped__ is bare
    double.cache_clear()
    assert double.cache_info().currsize == 0
    double(5)
    assert recorded() == (2, 7, 2, 0)


def test_lru_cache_calls_around_it_are_recorded_by_the_next() -> None:
    @functools.cache
    def bare(x: int) -> int:
        return x

    cached = tv.instrument_cache(bare, "c")
    bare(1)
    bare(1)
    cached(1)
    assert recorded() == (2, 1, 0, 0)
    bare.cache_clear()
    cached(1)
    assert recorded() == (2, 2, 0, 0)


def test_lru_cache_recursion_and_methods() -> None:
    @functools.lru_cache(maxsize=3)
    def bare(n: int) -> int:
        return n if n < 2 else function(n - 1) + function(n - 2)

    function = tv.instrument_cache(bare, "c")
    assert function(30) == 832040
    info = function.cache_info()
    assert recorded() == (info.hits, info.misses, info.misses - info.currsize, 0)

    class Reader:
        @functools.lru_cache(maxsize=2)  # noqa: B019
        def bare(self, x: int) -> int:
            return x

        read = tv.instrument_cache(bare, "method")

    reader = Reader()
    assert [reader.read(1), reader.read(1)] == [1, 1]
    assert recorded("method") == (1, 1, 0, 0)


def test_lru_cache_from_threads() -> None:
    @functools.lru_cache(maxsize=8)
    def bare(x: int) -> int:
        return x

    function = tv.instrument_cache(bare, "c")

    def work() -> None:
        for i in range(2000):
            function(i % 16)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    info = function.cache_info()
    hits, misses, evictions, _ = recorded()
    assert (hits, misses) == (info.hits, info.misses)
    assert 0 < evictions <= misses - info.currsize


def test_cachetools_functions() -> None:
    function = tv.instrument_cache(cachetools.func.lru_cache(maxsize=2)(lambda x: x), "c")
    for x in (1, 1, 2, 3):
        function(x)
    assert recorded() == (1, 3, 1, 0)


@pytest.mark.parametrize("thing", [3, [], len, "cache", {1}])
def test_what_is_no_cache_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="takes a mapping or an lru_cache function"):
        tv.instrument_cache(thing, "c")


def test_bad_names_are_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        tv.instrument_cache({}, "")
