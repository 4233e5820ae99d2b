"""`cached` behaves as functools.lru_cache does, whatever is done to the two."""

from __future__ import annotations

import functools
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import toolvitals as tv

# Numbers that are equal across types are left out: whether lru_cache keeps 3 and 3.0 apart depends on how it is called.
arguments = st.one_of(st.integers(0, 6), st.sampled_from([2.5, None, "a", (1, 2)]))


def outcome(function: Callable[..., object], x: object, keywords: dict[str, int]) -> object:
    try:
        return function(x, **keywords)
    except LookupError as error:
        return type(error)


class Caches(RuleBasedStateMachine):
    @initialize(maxsize=st.sampled_from([None, -1, 0, 1, 2, 4]), typed=st.booleans())
    def begin(self, maxsize: int | None, typed: bool) -> None:
        self.computed: list[list[object]] = [[], []]

        def compute(number: int, x: object, keywords: dict[str, object]) -> object:
            self.computed[number].append((x, keywords))
            if x == 6:
                raise LookupError
            return type(x).__name__, x

        self.ours = tv.cached("lru", maxsize=maxsize, typed=typed)(lambda x, **keywords: compute(0, x, keywords))
        self.theirs = functools.lru_cache(maxsize, typed)(lambda x, **keywords: compute(1, x, keywords))
        tv.get_collector().reset()

    @rule(x=arguments, keywords=st.dictionaries(st.sampled_from("abc"), st.integers(0, 1), max_size=2))
    def call(self, x: object, keywords: dict[str, int]) -> None:
        assert outcome(self.ours, x, keywords) == outcome(self.theirs, x, keywords)

    @rule()
    def clear(self) -> None:
        self.ours.cache_clear()
        self.theirs.cache_clear()
        tv.get_collector().reset()

    @invariant()
    def same(self) -> None:
        if not hasattr(self, "ours"):
            return
        info = self.theirs.cache_info()
        assert self.ours.cache_info() == info
        assert self.computed[0] == self.computed[1]
        recorded = tv.get_collector().cache("lru").metrics()
        assert (recorded["hits"], recorded["misses"]) == (info.hits, info.misses)


TestCaches = Caches.TestCase
