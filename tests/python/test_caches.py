"""caches: an LRU cache that records itself."""

from __future__ import annotations

import gc
import inspect
import pickle
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from totals import look_ups

import toolvitals as tv

pytestmark = pytest.mark.usefixtures("from_zero")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@tv.cached("pickled")
def square(x: int) -> int:
    """The square."""
    return x * x


def test_it_keeps_and_records() -> None:
    calls = []

    @tv.cached("files", maxsize=2)
    def read(path: str) -> str:
        calls.append(path)
        return path.upper()

    assert [read(path) for path in ("a", "a", "b", "c", "a")] == ["A", "A", "B", "C", "A"]
    assert calls == ["a", "b", "c", "a"]
    assert look_ups("files") == (1, 4, 2)
    assert read.cache_info() == (1, 4, 2, 2)
    assert read.cache_info()._fields == ("hits", "misses", "maxsize", "currsize")
    assert read.cache_parameters() == {"maxsize": 2, "typed": False, "ttl_s": None}
    read.cache_clear()
    assert read.cache_info() == (0, 0, 2, 0)
    assert look_ups("files") == (1, 4, 2)


def test_it_looks_like_the_function() -> None:
    assert square.__name__ == "square"  # type: ignore[attr-defined]
    assert inspect.getdoc(square) == "The square."
    assert list(inspect.signature(square).parameters) == ["x"]
    assert square.__wrapped__(3) == 9
    assert pickle.loads(pickle.dumps(square)) is square


def test_the_entry_used_least_recently_goes_first() -> None:
    @tv.cached("lru", maxsize=2)
    def identity(x: int) -> int:
        return x

    for x in (1, 2, 1, 3, 1, 2):
        identity(x)
    assert look_ups("lru") == (2, 4, 2)


@pytest.mark.parametrize("maxsize", [0, -5])
def test_maxsize_zero_keeps_nothing(maxsize: int) -> None:
    function = tv.cached("none", maxsize=maxsize)(lambda x: x)
    assert [function(1), function(1)] == [1, 1]
    assert look_ups("none") == (0, 2, 0)
    assert function.cache_info() == (0, 2, 0, 0)


def test_without_bound() -> None:
    function = tv.cached("all", maxsize=None)(lambda x: x)
    for x in [*range(1000), *range(1000)]:
        function(x)
    assert look_ups("all") == (1000, 1000, 0)


def test_typed() -> None:
    function = tv.cached("typed", typed=True)(lambda x, y=0: type(x))
    assert [function(3), function(3.0), function(x=3), function(3, y=1), function(3, y=True)] == [
        int,
        float,
        int,
        int,
        int,
    ]
    assert look_ups("typed") == (0, 5, 0)
    untyped = tv.cached("untyped")(lambda x, y=0: type(x))
    assert [untyped(3), untyped(3.0), untyped(3, 0), untyped(3.0, 0)] == [int, float, int, int]


def test_keyword_order_makes_different_keys_as_in_functools() -> None:
    function = tv.cached("kw")(lambda **kwargs: list(kwargs))
    assert function(a=1, b=2) == ["a", "b"]
    assert function(b=2, a=1) == ["b", "a"]
    assert tv.cached("mixed")(lambda *args, **kwargs: (args, kwargs))("a", 1) == (("a", 1), {})


def test_exceptions_are_not_kept() -> None:
    @tv.cached("failing")
    def fail(x: int) -> None:
        raise LookupError(x)

    for _ in range(2):
        with pytest.raises(LookupError):
            fail(1)
    assert look_ups("failing") == (0, 2, 0)
    assert fail.cache_info().currsize == 0


def test_arguments_that_cannot_be_hashed() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        square([])  # type: ignore[arg-type]
    assert look_ups("pickled") == (0, 0, 0)


async def test_arguments_that_cannot_be_hashed_will_do_where_nothing_is_kept() -> None:
    async def fetch(x: list[int]) -> int:
        return len(x)

    assert tv.cached("hashless", maxsize=0)(len)([1, 2]) == 2
    assert await tv.cached("hashless", maxsize=0)(fetch)([1, 2]) == 2
    assert look_ups("hashless") == (0, 2, 0)


def test_an_entry_made_within_a_computation_gets_the_value_and_the_time_of_the_outer_one() -> None:
    clock = Clock()

    @tv.cached("within", maxsize=None, ttl_s=10, clock=clock)
    def deep(x: int) -> float:
        begun = clock.now
        clock.now += 4
        if begun < 104:
            deep(x)
        return begun

    assert deep(1) == deep(1) == 100
    clock.now += 9.999
    assert deep(1) == 100
    clock.now += 0.001
    assert deep(1) == 118
    assert look_ups("within") == (2, 3, 1)


def test_entries_expire() -> None:
    clock = Clock()
    function = tv.cached("ttl", ttl_s=10, clock=clock)(lambda x: object())
    first = function(1)
    clock.now += 9.999
    assert function(1) is first
    clock.now += 0.001
    assert function(1) is not first
    assert look_ups("ttl") == (1, 2, 1)
    assert function.cache_parameters()["ttl_s"] == 10


def test_methods() -> None:
    class Reader:
        @tv.cached("method")
        def read(self, path: str) -> str:
            return path * 2

        @staticmethod
        @tv.cached("static")
        def stat(path: str) -> str:
            return path

    one, two = Reader(), Reader()
    assert [one.read("a"), one.read("a"), two.read("a")] == ["aa"] * 3
    assert look_ups("method") == (1, 2, 0)
    assert Reader.stat("x") == one.stat("x") == "x"
    assert look_ups("static") == (1, 1, 0)
    assert Reader.read.cache_info().currsize == 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": lambda: 1}, TypeError, "name of the cache first"),
        ({"name": ""}, ValueError, "name"),
        ({"name": 3}, TypeError, "name"),
        ({"name": "c", "maxsize": 1.5}, TypeError, "maxsize"),
        ({"name": "c", "maxsize": True}, TypeError, "maxsize"),
        ({"name": "c", "ttl_s": 0}, ValueError, "ttl_s=0 .*over 0"),
        ({"name": "c", "ttl_s": float("nan")}, ValueError, "ttl_s"),
        ({"name": "c", "ttl_s": float("inf")}, ValueError, "ttl_s"),
        ({"name": "c", "ttl_s": "5"}, TypeError, "ttl_s"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tv.cached(**arguments)


def test_what_cannot_be_cached_is_refused() -> None:
    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> Any:
        yield 1

    for function in (generator, async_generator):
        with pytest.raises(TypeError, match="generator"):
            tv.cached("g")(function)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="below @staticmethod"):
        tv.cached("s")(staticmethod(square))
    with pytest.raises(TypeError, match="callables"):
        tv.cached("n")(3)  # type: ignore[arg-type]


def test_eight_threads_count_exactly() -> None:
    function = tv.cached("threads", maxsize=16)(lambda x: x)
    begin = threading.Barrier(8)

    def work(seed: int) -> None:
        begin.wait()
        for i in range(2000):
            x = (i * (seed + 3)) % 32
            assert function(x) == x

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hits, misses, evictions = look_ups("threads")
    assert hits + misses == 16_000
    assert function.cache_info()[:2] == (hits, misses)
    assert function.cache_info().currsize == 16
    assert 0 < evictions <= misses - 16


def test_a_finalizer_may_use_the_cache() -> None:
    class Loud:
        def __init__(self, x: int) -> None:
            self.x = x

        def __del__(self) -> None:
            if self.x < 50:
                make(self.x + 100)

    @tv.cached("loud", maxsize=4)
    def make(x: int) -> Loud:
        return Loud(x)

    for x in range(60):
        make(x)
    make.cache_clear()
    assert make.cache_info().currsize <= 4


def test_comparing_keys_may_use_the_cache() -> None:
    comparing: list[object] = []

    class Key:
        def __init__(self, x: int) -> None:
            self.x = x

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            if not comparing:
                comparing.append(self)
                length(())
                comparing.clear()
            return isinstance(other, Key) and self.x == other.x

    @tv.cached("keys", maxsize=3)
    def length(x: Any) -> int:
        return 1

    for i in range(20):
        length(Key(i % 5))
    assert length.cache_info().currsize == 3


def test_recursion() -> None:
    @tv.cached("fibonacci", maxsize=None)
    def fibonacci(n: int) -> int:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(100) == 354224848179261915075
    assert look_ups("fibonacci") == (98, 101, 0)


def test_values_are_released() -> None:
    class Value:
        pass

    function = tv.cached("released", maxsize=1)(lambda x: Value())
    alive = weakref.ref(function(1))
    gc.collect()
    assert alive() is not None
    function(2)
    gc.collect()
    assert alive() is None
