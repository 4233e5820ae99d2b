"""caches: what stands around a function of functools.lru_cache, held against what records in Python."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import pickle
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from child import result_of
from hypothesis import given
from hypothesis import strategies as st
from programs import forking

import toolvitals as tv
from toolvitals import _core
from toolvitals.caches import _lru_functions

pytestmark = pytest.mark.usefixtures("from_zero")

Counts = tuple[int, int, int]


def recorded(name: str = "c") -> Counts:
    """Hits, misses and evictions."""
    metrics = tv.get_collector().get_cache_metrics(name)
    assert metrics is not None
    return metrics["hits"], metrics["misses"], metrics["evictions"]


def counted(bare: Callable[..., Any], name: str = "c") -> Any:
    """The function with the core around it, and not the Python that stands in for it."""
    function = tv.instrument_cache(bare, name)
    assert type(function) is _core.CountedLru
    return function


@functools.lru_cache(maxsize=2)
def _double(x: int) -> int:
    """Doubles."""
    return x * 2


double = counted(_double, "double")


def test_it_has_the_attributes_of_the_function() -> None:
    assert double.__name__ == double.__qualname__ == "_double"
    assert double.__doc__ == "Doubles."
    assert double.__module__ == __name__
    assert double.__wrapped__ is _double
    assert double.cache_parameters() == {"maxsize": 2, "typed": False}
    assert inspect.signature(double) == inspect.signature(_double)
    double.mine = 3
    assert double.mine == 3
    assert weakref.ref(double)() is double


def test_copies_and_pickles_are_the_function_that_the_module_has(monkeypatch: pytest.MonkeyPatch) -> None:
    assert copy.copy(double) is copy.deepcopy([double])[0] is double
    monkeypatch.setattr(sys.modules[__name__], "_double", double)
    assert pickle.loads(pickle.dumps(double)) is double


def test_it_binds_as_functions_do() -> None:
    class Reader:
        @functools.lru_cache  # noqa: B019
        def bare(self, x: int = 1) -> tuple[Any, int]:
            return self, x

        read = counted(bare, "method")
        static = staticmethod(counted(functools.cache(lambda x: x), "static"))
        both = classmethod(counted(functools.cache(lambda cls, x: (cls, x)), "class"))

    reader = Reader()
    bound = reader.read
    assert inspect.ismethod(bound)
    assert bound(x=2) == reader.read(x=2) == Reader.read(reader, x=2) == (reader, 2)
    assert recorded("method") == (2, 1, 0)
    assert (reader.static(3), Reader.both(4), reader.both(4)) == (3, (Reader, 4), (Reader, 4))
    assert (recorded("static"), recorded("class")) == ((0, 1, 0), (1, 1, 0))


def test_a_tool_may_stand_over_it() -> None:
    tool = tv.tool("cached_tool")(counted(functools.cache(lambda x: x)))
    assert [tool(1), tool(1)] == [1, 1]
    assert recorded() == (1, 1, 0)
    metrics = tv.get_collector().get_tool_metrics("cached_tool")
    assert metrics is not None
    assert metrics["successful_calls"] == 2


def test_the_exception_is_the_functions_own_and_no_frame_comes_between() -> None:
    @functools.lru_cache
    def bare(x: int) -> int:
        raise KeyError(x)

    function = counted(bare)
    with pytest.raises(KeyError) as caught:
        function(1)
    assert [entry.name for entry in caught.traceback][1:] == ["bare"]
    assert recorded() == (0, 1, 0)


def test_each_of_several_around_one_function_records_all_of_it() -> None:
    bare = functools.lru_cache(maxsize=1)(lambda x: x)
    one, two = counted(bare, "one"), counted(bare, "two")
    outer = tv.instrument_cache(one, "outer")
    one(1), one(1), two(2), two(1)
    assert outer(1) == one(1) == two(1) == 1
    assert (recorded("one"), recorded("two")) == ((3, 3, 2), (4, 3, 2))
    outer(1)
    assert recorded("outer") == (5, 3, 2)


def test_a_child_of_a_fork_goes_on_by_itself() -> None:
    assert result_of(forking.call_an_lru_function_in_a_child) == [[1, 1, 0], [3, 2, 1]]


def test_what_a_cycle_leads_through_is_freed() -> None:
    class Thing:
        function: Any

    def made() -> weakref.ref[Thing]:
        thing = Thing()
        thing.function = counted(functools.cache(lambda x: (thing, x)))
        thing.function(thing.function)
        thing.function.itself = thing.function
        return weakref.ref(thing)

    gone = made()
    gc.collect()
    assert gone() is None


def test_an_entry_that_calls_as_it_is_cleared_loses_nothing() -> None:
    class Last:
        def __del__(self) -> None:
            function("end")

    function = counted(functools.lru_cache(maxsize=2)(lambda x: Last() if x == "last" else x))
    function("last"), function(1), function(1)
    assert recorded() == (1, 2, 0)
    function.cache_clear()
    assert recorded() == (1, 3, 0)
    assert function("end") == "end"
    assert recorded() == (2, 3, 0)


class Key:
    """One that cannot be hashed, compared or computed, as its number says."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __hash__(self) -> int:
        if self.number == 5:
            raise TypeError("unhashable")
        return self.number % 2

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.number == other.number


def _program(maxsize: int | None, typed: bool, steps: list[tuple[str, int]], around: Callable[[Any], Any]) -> list[Any]:
    """What happens, and is recorded, step by step."""

    def compute(key: Key, **_: Any) -> int:
        if key.number == 4:
            raise TypeError(key.number)
        if key.number == 3:
            function(Key(2))
        return key.number

    bare = functools.lru_cache(maxsize=maxsize, typed=typed)(compute)
    bare(Key(0)), bare(Key(0))
    function = around(bare)
    log: list[Any] = []
    for what, number in steps:
        try:
            if what == "clear":
                function.cache_clear()
            elif what == "clear bare":
                bare.cache_clear()
            elif what == "bare":
                log.append(bare(Key(number)))
            elif what == "keyword":
                log.append(function(key=Key(number), other=number))
            else:
                log.append(function(Key(number)))
        except TypeError as error:
            log.append(str(error.args))
        log.append((recorded(), function.cache_info()))
    return log


@given(
    st.sampled_from([None, 0, 1, 2, 4]),
    st.booleans(),
    st.lists(
        st.tuples(
            st.sampled_from(["call", "call", "call", "keyword", "bare", "clear", "clear bare"]), st.integers(0, 5)
        )
    ),
)
def test_it_records_what_the_recording_in_python_records(
    maxsize: int | None, typed: bool, steps: list[tuple[str, int]]
) -> None:
    collector = tv.get_collector()
    collector.reset()
    ours = _program(maxsize, typed, steps, counted)
    collector.reset()
    theirs = _program(maxsize, typed, steps, lambda bare: _lru_functions._function_around(bare, collector.cache("c")))
    assert ours == theirs


@pytest.mark.parametrize("function", [len, lambda: None, functools.partial(len), type("Own", (), {"__call__": len})()])
def test_what_is_no_function_of_functools_is_not_taken(function: Any) -> None:
    assert _core.count_lru(function, tv.get_collector().cache("c")) is None
