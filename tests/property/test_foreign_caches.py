"""An instrumented mapping does what the bare one does, and counts what its documentation says."""

from __future__ import annotations

import copy
from collections import ChainMap, OrderedDict, UserDict, defaultdict
from collections.abc import Callable, Hashable
from typing import Any

import cachetools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolvitals as tv


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


class Bounded(OrderedDict[Any, Any]):
    """The recipe of the standard library's documentation."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > 3:
            del self[next(iter(self))]


class Filling(cachetools.LRUCache[Any, Any]):
    """One that fills its gaps."""

    def __missing__(self, key: Any) -> Any:
        self[key] = value = f"made of {key}"
        return value


def size(value: Any) -> int:
    return len(str(value))


MAKERS: dict[str, Callable[[Clock], Any]] = {
    "dict": lambda clock: {},
    "OrderedDict": lambda clock: OrderedDict(),
    "defaultdict": lambda clock: defaultdict(list),
    "UserDict": lambda clock: UserDict(),
    "ChainMap": lambda clock: ChainMap({}, {"a": "below"}),
    "Bounded": lambda clock: Bounded(),
    "Filling": lambda clock: Filling(3),
    "Cache": lambda clock: cachetools.Cache(3),
    "FIFO": lambda clock: cachetools.FIFOCache(3),
    "LFU": lambda clock: cachetools.LFUCache(3),
    "LRU": lambda clock: cachetools.LRUCache(3),
    "RR": lambda clock: cachetools.RRCache(3, choice=min),
    "LRU with sizes": lambda clock: cachetools.LRUCache(8, getsizeof=size),
    "TTL": lambda clock: cachetools.TTLCache(3, ttl=5, timer=clock),
    "TLRU": lambda clock: cachetools.TLRUCache(3, lambda _, value, now: now + size(value), timer=clock),
}

LOOKED_UP = st.sampled_from("abcdef")
VALUE = st.text("xyz", min_size=1, max_size=10)
# Keys that are never looked up, so that how a mapping updates itself has no part in the counts.
PAIRS = st.dictionaries(st.sampled_from("uvw"), VALUE, max_size=2)

Step = tuple[str, Callable[[Any], Any], str | None]


def step(name: str, *arguments: Any, **keywords: Any) -> Step:
    return name, lambda mapping: getattr(mapping, name)(*arguments, **keywords), arguments[0] if arguments else None


def step_of(name: str, function: Callable[[Any], Any]) -> Step:
    return name, function, None


def or_in_place(other: dict[str, str]) -> Callable[[Any], Any]:
    def act(mapping: Any) -> bool:
        before = mapping
        mapping |= other
        return before is mapping

    return act


STEPS = st.one_of(
    st.builds(lambda key: step("__getitem__", key), LOOKED_UP),
    st.builds(lambda key: step("get", key), LOOKED_UP),
    st.builds(lambda key, value: step("get", key, value), LOOKED_UP, VALUE),
    st.builds(lambda key: step("pop", key), LOOKED_UP),
    st.builds(lambda key, value: step("pop", key, value), LOOKED_UP, VALUE),
    st.builds(lambda key: step("setdefault", key), LOOKED_UP),
    st.builds(lambda key, value: step("setdefault", key, value), LOOKED_UP, VALUE),
    st.builds(lambda key, value: step("__setitem__", key, value), LOOKED_UP, VALUE),
    st.builds(lambda key: step("__delitem__", key), LOOKED_UP),
    st.builds(lambda key: step("__contains__", key), LOOKED_UP),
    st.builds(lambda pairs: step("update", pairs), PAIRS),
    st.builds(lambda pairs: step_of("|=", or_in_place(pairs)), PAIRS),
    st.builds(lambda pairs: step_of("|", lambda mapping: dict((mapping | pairs).items())), PAIRS),
    st.builds(lambda pairs: step_of("==", lambda mapping: mapping == pairs), PAIRS),
    st.sampled_from(
        [
            step("popitem"),
            step("clear"),
            step("no_such_method"),
            step_of("[[]]", lambda mapping: mapping[[]]),
            step_of("setdefault([])", lambda mapping: mapping.setdefault([])),
            step_of("len", len),
            step_of("bool", bool),
            step_of("iter", list),
            step_of("reversed", lambda mapping: list(reversed(mapping))),
            step_of("keys", lambda mapping: list(mapping.keys())),
            step_of("values", lambda mapping: list(mapping.values())),
            step_of("items", lambda mapping: list(mapping.items())),
            step_of("repr", repr),
            step_of("hash", lambda mapping: isinstance(mapping, Hashable)),
            step_of("copy", lambda mapping: list(mapping.copy().items())),
            step_of("copy.copy", lambda mapping: list(copy.copy(mapping).items())),
            step_of("maxsize", lambda mapping: mapping.maxsize),
            step_of("currsize", lambda mapping: mapping.currsize),
            step_of("move_to_end", lambda mapping: mapping.move_to_end("a")),
        ]
    ),
)


def outcome(act: Callable[[Any], Any], mapping: Any) -> Any:
    try:
        return act(mapping)
    except Exception as error:
        return type(error), str(error)


def found_in(bare: Any, name: str) -> Any:
    """Where a step looks a key up: a ChainMap pops from its first mapping alone."""
    return bare.maps[0] if name == "pop" and isinstance(bare, ChainMap) else bare


class Counts:
    """What the documentation says that one thread's steps count."""

    def __init__(self) -> None:
        self.hits = self.misses = 0
        self.missed: set[str] = set()

    def step(self, name: str, key: Any, present: bool) -> None:
        if name == "__setitem__":
            self.missed.discard(key)
        if name not in ("__getitem__", "get", "pop", "setdefault"):
            return
        if name == "setdefault" and key in self.missed:
            self.missed.discard(key)
        elif present:
            self.hits += 1
        else:
            self.misses += 1
            if name != "setdefault":
                self.missed.add(key)


@pytest.mark.parametrize("kind", list(MAKERS))
@settings(max_examples=40)
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 3)), max_size=20))
def test_an_instrumented_mapping_is_like_the_bare_one(kind: str, steps: list[tuple[Step, int]]) -> None:
    tv.get_collector().reset()
    clock = Clock()
    bare = MAKERS[kind](clock)
    cache = tv.instrument_cache(MAKERS[kind](clock), "differential")
    counts = Counts()
    for (name, act, key), seconds in steps:
        clock.now += seconds
        counts.step(name, key, key is not None and name != "update" and key in found_in(bare, name))
        assert outcome(act, cache) == outcome(act, bare), name
        metrics = tv.get_collector().get_cache_metrics("differential")
        assert metrics is not None
        assert (metrics["hits"], metrics["misses"]) == (counts.hits, counts.misses), name
    assert list(cache.items()) == list(bare.items())
