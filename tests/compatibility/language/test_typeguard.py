"""typeguard over tools and under them; it reads and compiles the source anew."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from typeguard import CollectionCheckStrategy, TypeCheckError, config, typechecked

FRAMEWORK = "typeguard"
DISTRIBUTION = "typeguard"

config.collection_check_strategy = CollectionCheckStrategy.ALL_ITEMS


def refused(call: Any) -> str:
    """Whether the arguments were."""
    try:
        call()
    except TypeCheckError as error:
        return str(error)
    return "accepted"


@pytest.mark.calls(4)
def test_under(tool: Any) -> object:
    """A tool over `@typechecked`, sync, async, a generator."""

    @tool("double")
    @typechecked
    def double(a: int) -> int:
        return a * 2

    @tool("async_double")
    @typechecked
    async def async_double(a: int) -> int:
        return a * 2

    return (
        double(1),
        asyncio.run(async_double(2)),
        refused(lambda: double("x")),
        refused(lambda: asyncio.run(async_double("x"))),
    )


@pytest.mark.calls(2)
def test_class(tool: Any) -> object:
    """`@typechecked` on a class with methods that are tools."""

    @typechecked
    class Tools:
        @tool("method")
        def method(self, a: int) -> int:
            return a

        @tool("static")
        @staticmethod
        def static(a: int) -> int:
            return a

    return Tools().method(1), Tools.static(2)


@pytest.mark.calls(2)
def test_over(tool: Any) -> object:
    """`@typechecked` over a tool: the calls are recorded."""

    @typechecked
    @tool("double")
    def double(a: int) -> int:
        return a * 2

    return double(1), double(2), double.__name__
