"""Dependency injection by annotations: injector and dependency-injector."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import injector
import pytest
from dependency_injector import containers, providers
from dependency_injector.wiring import Provide, inject

FRAMEWORK = "injector, dependency-injector"
DISTRIBUTION = "injector"


class Number(int):
    """What is provided."""


class Container(containers.DeclarativeContainer):
    """Provides a number."""

    number = providers.Object(3)


@pytest.mark.calls(3)
def test_injector(tool: Any) -> object:
    """`@inject` over a tool and under one, `@provider` over a tool."""

    class Module(injector.Module):
        @injector.singleton
        @injector.provider
        @tool("provide")
        def provide(self) -> Number:
            return Number(3)

    class Uses:
        @injector.inject
        @tool("init")
        def __init__(self, number: Number) -> None:
            self.number = number

        @tool("method")
        @injector.inject
        def method(self, number: Number, a: int) -> int:
            return self.number + number + a

    filled = injector.Injector([Module()])
    uses = filled.get(Uses)
    return int(uses.number), filled.call_with_injection(uses.method, kwargs={"a": 1})


@pytest.mark.calls(5)
def test_dependency_injector(tool: Any) -> object:
    """`@inject` with `Provide` over tools and under them, sync and async; factories and callables of tools."""
    container = Container()
    made = providers.Factory(tool("factory")(lambda a: a * 2), a=container.number)
    called = providers.Callable(tool("callable")(lambda a: a * 3), 5)

    @inject
    @tool("over")
    def over(a: int, number: int = Provide[Container.number]) -> int:
        return a + number

    @tool("under")
    @inject
    def under(a: int, number: int = Provide[Container.number]) -> int:
        return a + number

    @inject
    @tool("async_over")
    async def async_over(a: int, number: int = Provide[Container.number]) -> int:
        return a + number

    globals().update(over=over, under=under, async_over=async_over)
    container.wire(modules=[sys.modules[__name__]])
    try:
        names = globals()
        said = names["over"](1), names["under"](2), asyncio.run(names["async_over"](3))
        return said, made(), called()
    finally:
        container.unwire()
        for name in ("over", "under", "async_over"):
            del globals()[name]
