"""Cached functions against functools.lru_cache, and against a plain list of entries where there is a time to live."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import random
import weakref
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import toolvitals as tv
from toolvitals import _core, _noop
from toolvitals.caches import _cached, _coroutines

CORES: list[Any] = [_core, _noop]


def lru(core: Any, function: Any, maxsize: int | None, typed: bool = False, **ttl: Any) -> Any:
    handle = core.PerformanceMetricsCollector().cache("property")
    return core.Lru(function, handle, maxsize, typed, ttl.get("ttl_s"), ttl.get("clock"))


def echo(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
    return (*args, *kwargs.items())


values = st.one_of(
    st.integers(-2, 2), st.sampled_from([0.0, 1.0, -0.0, True, False, None, "", "a", b"a", (1, "a"), (1.0,)])
)
calls = st.tuples(st.lists(values, max_size=2), st.dictionaries(st.sampled_from("xyz"), values, max_size=2))
bounds = st.one_of(st.none(), st.integers(-1, 4))


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.__name__)
@given(st.lists(st.one_of(calls, st.none()), max_size=40), st.one_of(st.none(), st.integers(0, 4)), st.booleans())
@settings(max_examples=150)
def test_it_counts_as_functools_does(core: Any, steps: list[Any], maxsize: int | None, typed: bool) -> None:
    ours, theirs = lru(core, echo, maxsize, typed), functools.lru_cache(maxsize, typed)(echo)
    for step in steps:
        if step is None:
            ours.clear()
            theirs.cache_clear()
            continue
        args, kwargs = step
        assert repr(ours(*args, **kwargs)) == repr(theirs(*args, **kwargs))
        info = theirs.cache_info()
        assert ours.counts() == (info.hits, info.misses, info.currsize)


class Number(int):
    """Equal to an int, and not one for functools, which keeps a single int apart."""


class Unhashable(int):
    __hash__ = None  # type: ignore[assignment]


@dataclasses.dataclass(frozen=True)
class Step:
    """What a function does while it is computed: a call of itself, which does other steps, or a cleared cache."""

    key: Any  # None clears the cache
    within: tuple[Step, ...] = ()
    raises: bool = False


keys = st.builds(lambda make, number: make(number), st.sampled_from([int, Number, Unhashable]), st.integers(0, 2))
steps = st.recursive(
    st.builds(Step, st.one_of(keys, st.none())),
    lambda inner: st.builds(Step, keys, st.lists(inner, max_size=3).map(tuple), st.booleans()),
    max_leaves=12,
)


class Plan:
    """Runs steps through a cache of a function that does what they say, and notes what comes of each."""

    def __init__(self, decorate: Any) -> None:
        self.seen: list[Any] = []
        self.called = decorate(self._function)
        self._within: tuple[Step, ...] = ()
        self._raises = False
        self._made = 0

    def _function(self, _key: Any) -> int:
        self._made += 1
        mine, raises = self._made, self._raises
        for step in self._within:
            self.run(step)
        if raises:
            raise LookupError(mine)
        return mine

    def run(self, step: Step) -> None:
        if step.key is None:
            self.called.cache_clear()
        else:
            self._within, self._raises = step.within, step.raises
            try:
                self.seen.append(self.called(step.key))
            except (LookupError, TypeError) as error:
                self.seen.append(repr(error))
        self.seen.append(tuple(self.called.cache_info()))


def clears_within(step: Step) -> bool:
    return any(inner.key is None or clears_within(inner) for inner in step.within)


class CoroutinePlan(Plan):
    """The same with a coroutine function, which nothing makes wait."""

    def __init__(self, decorate: Any) -> None:
        self._awaited: Any = None

        def later(function: Any) -> Any:
            async def wrapper(key: Any) -> Any:
                return function(key)

            self._awaited = decorate(wrapper)
            return self

        super().__init__(later)

    def __call__(self, key: Any) -> Any:
        try:
            self._awaited(key).send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("nothing was awaited")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._awaited, name)


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.__name__)
@pytest.mark.parametrize("plan", [Plan, CoroutinePlan])
@given(st.lists(steps, max_size=6), bounds)
@settings(max_examples=150)
def test_a_function_that_calls_itself_is_kept_as_functools_keeps_it(
    core: Any, plan: Any, steps: list[Step], maxsize: int | None
) -> None:
    # A coroutine may be computed for long: what it began before a clear is not kept, as functools does.
    assume(plan is Plan or not any(map(clears_within, steps)))
    with pytest.MonkeyPatch.context() as patch:
        for module in (_cached, _coroutines):
            patch.setattr(module, "core", core)
        ours = plan(tv.cached("property", maxsize=maxsize))
        theirs = Plan(functools.lru_cache(maxsize=maxsize))
        for step in steps:
            ours.run(step)
            theirs.run(step)
        assert ours.seen == theirs.seen


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.__name__)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.0, 0.5, 1.0, 3.0])), max_size=60), st.integers(1, 4))
@settings(max_examples=150)
def test_entries_live_as_long_as_they_should(core: Any, steps: list[tuple[int, float]], maxsize: int) -> None:
    now = 0.0
    made = 0

    def function(key: int) -> int:
        nonlocal made
        made += 1
        return made

    ours = lru(core, function, maxsize, ttl_s=2.0, clock=lambda: now)
    kept: list[tuple[int, int, float]] = []  # the one used last behind the others
    for key, pause in steps:
        now += pause
        at = next((i for i, entry in enumerate(kept) if entry[0] == key), None)
        entry = None if at is None else kept.pop(at)
        expected = made + 1
        if entry is not None and entry[2] > now:
            expected = entry[1]
        else:
            entry = (key, expected, now + 2.0)
        kept = [*kept, entry][-maxsize:]
        assert ours(key) == expected
        assert ours.counts()[2] == len(kept)


class Restless:
    """Whatever is asked of it, it does something to the cache first."""

    def __init__(self, number: int, act: Any) -> None:
        self.number = number
        self._act = act

    def __hash__(self) -> int:
        return self.number % 3

    def __eq__(self, other: object) -> bool:
        self._act()
        return isinstance(other, Restless) and other.number == self.number

    def __del__(self) -> None:
        self._act()


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.__name__)
@pytest.mark.parametrize("seed", range(20))
def test_keys_and_values_may_do_anything_to_the_cache(core: Any, seed: int) -> None:
    dice = random.Random(seed)
    depth = 0

    def act() -> None:
        nonlocal depth
        if depth > 2 or dice.random() < 0.7:
            return
        depth += 1
        try:
            what = dice.random()
            if what < 0.1:
                cached.clear()
            elif what < 0.2:
                raise LookupError("raised by a key")
            else:
                cached(Restless(dice.randrange(9), act))
        finally:
            depth -= 1

    maxsize = dice.choice([None, 1, 3])
    cached = lru(core, lambda key: Restless(key.number, act), maxsize)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.unraisablehook", lambda _: None)  # what finalizers raise
        for _ in range(300):
            with contextlib.suppress(LookupError):
                assert cached(Restless(dice.randrange(9), act)).number < 9
        dice.random = lambda: 0.0  # type: ignore[method-assign]
        cached(Restless(0, act))
        assert maxsize is None or cached.counts()[2] <= maxsize
        cached.clear()
        assert cached.counts() == (0, 0, 0)


def test_a_circle_through_the_cache_is_freed() -> None:
    class Node:
        @tv.cached("circle", maxsize=None)
        def neighbours(self) -> list[Any]:
            return [self, type(self)]

    node = Node()
    node.neighbours()
    gone = weakref.ref(node)
    del node, Node
    gc.collect()
    assert gone() is None
