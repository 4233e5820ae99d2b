"""functools over and under tools."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
from typing import Any

import pytest
from targets import Adder, add, bare_add

FRAMEWORK = "functools"
DISTRIBUTION = None


@pytest.mark.calls(5)
def test_single_dispatch(tool: Any) -> object:
    """`singledispatch` over a tool, with tools registered by annotation and by class."""

    @functools.singledispatch
    @tool("show")
    def show(value: object) -> str:
        """Shows."""
        return "object"

    @show.register
    @tool("show_int")
    def _(value: int) -> str:
        return "int"

    show.register(str, tool("show_str")(lambda value: "str"))
    return show(1), show("x"), show(1.5), show(None), show.__name__, show.__doc__, show.dispatch(int)(3)


@pytest.mark.calls(2)
def test_single_dispatch_under(tool: Any) -> object:
    """A tool over a `singledispatch` function, which keeps `register`, `dispatch` and `registry`."""

    @tool
    @functools.singledispatch
    def show(value: object) -> str:
        return "object"

    @show.register
    def _(value: int) -> str:
        return "int"

    return show(1), show(""), sorted(each.__name__ for each in show.registry)


@pytest.mark.calls(3)
def test_single_dispatch_method(tool: Any) -> object:
    """`singledispatchmethod` over tools."""

    class Shows:
        @functools.singledispatchmethod
        @tool("show")
        def show(self, value: object) -> str:
            return "object"

        @show.register
        @tool("show_int")
        def _(self, value: int) -> str:
            return "int"

        @show.register(str)
        @tool("show_str")
        def _(self, value: str) -> str:
            return "str"

    shows = Shows()
    return shows.show(1), shows.show(""), shows.show(None)


@pytest.mark.calls(2)
def test_cached_property(tool: Any) -> object:
    """`cached_property` over a tool: called once for each object."""

    class Tools:
        count = 0

        @functools.cached_property
        @tool
        def costly(self) -> int:
            """Costs."""
            self.count += 1
            return self.count

    first, second = Tools(), Tools()
    return first.costly, first.costly, second.costly, Tools.costly.attrname, Tools.costly.__doc__


@pytest.mark.calls(4)
def test_partial_method(tool: Any) -> object:
    """`partialmethod` over a tool, and a tool over `partialmethod`."""

    class Tools:
        @tool("base")
        def base(self, a: int, b: int) -> tuple[int, int]:
            return a, b

        def bare(self, a: int, b: int) -> tuple[int, int]:
            return a, b

        under = functools.partialmethod(base, 1)
        over = tool("over")(functools.partialmethod(bare, 2))
        keyword = functools.partialmethod(base, b=5)

    tools = Tools()
    signatures = [str(inspect.signature(method)) for method in (tools.under, tools.over, tools.keyword)]
    return tools.under(2), tools.over(3), tools.keyword(4), Tools.under(tools, 5), signatures


@pytest.mark.calls(4)
def test_partial(tool: Any) -> object:
    """`partial` over a tool and under one, sync and async, with its `func`, `args` and `keywords`."""

    def base(a: int, b: int, *, c: int = 0) -> tuple[int, ...]:
        return a, b, c

    async def later(a: int, b: int) -> tuple[int, ...]:
        return a, b

    over = tool("over")(functools.partial(base, 1, c=3))
    under = functools.partial(tool("under")(base), 1, c=4)
    async_over = tool("async_over")(functools.partial(later, 1))
    async_under = functools.partial(tool("async_under")(later), 1)
    partials = (over, under, async_over, async_under)
    return (
        over(2),
        under(2),
        asyncio.run(async_over(2)),
        asyncio.run(async_under(2)),
        [isinstance(each, functools.partial) for each in partials],
        [inspect.iscoroutinefunction(each) for each in partials],
        [(each.args, each.keywords) for each in partials],
        [str(inspect.signature(each)) for each in partials],
    )


@pytest.mark.calls(2)
def test_wraps(tool: Any) -> object:
    """A decorator written with `functools.wraps`, over a tool and under it."""

    def twice(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs) * 2

        return wrapper

    def base(a: int = 3) -> int:
        """Gives it back."""
        return a

    over, under = twice(tool("under")(base)), tool("over")(twice(base))
    return over(), under(4), [(f.__name__, f.__doc__, str(inspect.signature(f))) for f in (over, under)]


@pytest.mark.calls(3)
def test_cache(tool: Any) -> object:
    """`lru_cache` over a tool and under it, with `cache_info` and `cache_clear`."""

    def square(a: int) -> int:
        return a * a

    over = functools.lru_cache(maxsize=8)(tool("over")(square))
    under = tool("under")(functools.lru_cache(maxsize=8)(square))
    return over(2), over(2), under(3), under(3), over.cache_info(), under.cache_info(), under.cache_parameters()


@pytest.mark.calls(6)
def test_reduce_and_sort(tool: Any) -> object:
    """Tools as the function of `reduce`, `map`, `cmp_to_key`, `sorted`."""
    reduced = functools.reduce(tool("add")(lambda a, b: a + b), [1, 2, 3])
    by_key = sorted([1, 3], key=tool("key")(lambda a: -a))
    compared = sorted([2, 1], key=functools.cmp_to_key(tool("compare")(lambda a, b: a - b)))
    return reduced, by_key, compared, list(map(tool("mapped")(abs), [-1]))


def test_pickled_partial(tool: Any) -> object:
    """A pickled `partial` of a tool."""
    function = add if tool.decorated else bare_add
    return pickle.loads(pickle.dumps(functools.partial(function, 1)))(2)


def test_pickled_partial_of_method(tool: Any) -> object:
    """A pickled `partial` of a bound method that is a tool."""
    adder = Adder(3)
    method = adder.add if tool.decorated else adder.bare_add
    return pickle.loads(pickle.dumps(functools.partial(method, 1)))()
