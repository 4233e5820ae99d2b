"""Further decorators of functions: decorator, multimethod, plum, returns, line_profiler, deal, icontract."""

from __future__ import annotations

import asyncio
from typing import Any

import deal
import decorator
import icontract
import line_profiler
import multimethod
import plum
import pytest
from returns.curry import curry, partial
from returns.future import future_safe
from returns.result import safe

FRAMEWORK = "decorator, multimethod, plum, returns, deal, icontract, line_profiler"
DISTRIBUTION = "decorator"


@pytest.mark.calls(3)
def test_decorator(tool: Any) -> object:
    """decorator's `@decorator`, which makes a function of the same signature, over a tool, under it, on coroutines."""

    @decorator.decorator
    def twice(function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs) * 2

    @decorator.decorator
    async def async_twice(function: Any, *args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs) * 2

    async def later(a: int) -> int:
        return a

    over = twice(tool("under")(lambda a, b=1: a + b))
    under = tool("over")(twice(lambda a, b=1: a + b))
    return over(1), under(2, b=3), asyncio.run(async_twice(tool("later")(later))(4))


@pytest.mark.calls(3)
def test_multimethod(tool: Any) -> object:
    """multimethod: tools chosen by their annotations."""

    @multimethod.multimethod
    @tool("show_int")
    def show(value: int) -> str:
        return "int"

    @show.register
    @tool("show_str")
    def _(value: str) -> str:
        return "str"

    return show(1), show("x"), show(2)


@pytest.mark.calls(3)
def test_plum(tool: Any) -> object:
    """plum: tools and methods chosen by their annotations."""
    dispatch = plum.Dispatcher()

    @dispatch
    @tool("show_int")
    def show(value: int) -> str:
        return "int"

    @dispatch
    @tool("show_str")
    def show(value: str) -> str:  # noqa: F811
        return "str"

    class Shows:
        @dispatch
        @tool("method")
        def show(self, value: int) -> str:
            return "method"

    return show(1), show("x"), Shows().show(1)


@pytest.mark.calls(5)
def test_returns(tool: Any) -> object:
    """returns: `safe`, `future_safe`, `curry`, `partial` over tools."""

    @safe
    @tool("divide")
    def divide(a: int, b: int) -> float:
        return a / b

    @future_safe
    @tool("later")
    async def later(a: int) -> int:
        return a

    @curry
    @tool("curried")
    def curried(a: int, b: int) -> int:
        return a + b

    said = divide(1, 2), str(divide(1, 0)), str(asyncio.run(later(3).awaitable()))
    return str(said[0]), said[1:], curried(1)(2), partial(tool("partial")(lambda a, b: a - b), 5)(1)


@pytest.mark.calls(5)
def test_contracts(tool: Any) -> object:
    """deal's and icontract's conditions over tools and under them; they read arguments by name."""

    @deal.pre(lambda a: a > 0)
    @tool("deal_over")
    def over(a: int) -> int:
        return a

    @tool("deal_under")
    @deal.post(lambda result: result > 0)
    def under(a: int) -> int:
        return a

    @icontract.require(lambda b: b > 0)
    @icontract.ensure(lambda result, a: result > a)
    @tool("icontract")
    def required(a: int, b: int) -> int:
        return a + b

    class Account(icontract.DBC):
        @icontract.require(lambda amount: amount > 0)
        @tool("method")
        def pay(self, amount: int) -> int:
            return amount

    said: list[Any] = [over(1), under(2), required(1, 2), Account().pay(3)]
    for call in (lambda: over(0), lambda: under(-1), lambda: required(1, 0), lambda: Account().pay(0)):
        try:
            call()
        except (deal.ContractError, icontract.ViolationError) as error:
            said.append(type(error).__name__)
    return said


@pytest.mark.calls(3)
def test_line_profiler(tool: Any) -> object:
    """line_profiler over a tool and under it, sync and async."""
    profiler = line_profiler.LineProfiler()

    def work(a: int) -> int:
        return a + 1

    async def later(a: int) -> int:
        return a + 1

    over, under = profiler(tool("under")(work)), tool("over")(profiler(work))
    return over(1), under(2), asyncio.run(profiler(tool("later")(later))(3))
