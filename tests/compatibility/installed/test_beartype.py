"""beartype over and under tools."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation

FRAMEWORK = "beartype"
DISTRIBUTION = "beartype"


def double(a: int) -> int:
    """Doubles."""
    return a * 2


async def async_double(a: int) -> int:
    """Doubles."""
    return a * 2


def refused(call: Any) -> str:
    """The name of what is raised."""
    try:
        call()
    except BeartypeCallHintViolation as error:
        return type(error).__name__
    return "accepted"


@pytest.mark.calls(2)
def test_over(tool: Any) -> object:
    """`@beartype` over a tool: arguments are checked, a refused call is none."""
    checked = beartype(tool(double))
    checked_async = beartype(tool(async_double))
    return (
        checked(2),
        asyncio.run(checked_async(3)),
        refused(lambda: checked("x")),
        refused(lambda: asyncio.run(checked_async("x"))),
        checked.__name__,
    )


@pytest.mark.calls(3)
def test_under(tool: Any) -> object:
    """A tool over `@beartype`: a refused call is one that failed."""
    checked = tool(beartype(double))
    checked_async = tool(beartype(async_double))
    return checked(2), asyncio.run(checked_async(3)), refused(lambda: checked("x"))


@pytest.mark.calls(4)
def test_class(tool: Any) -> object:
    """`@beartype` on a class with methods of every kind that are tools."""

    @beartype
    class Tools:
        @tool
        def method(self, a: int) -> int:
            return a

        @tool
        @staticmethod
        def static(a: int) -> int:
            return a

        @classmethod
        @tool
        def of_class(cls, a: int) -> int:
            return a

        @property
        @tool
        def size(self) -> int:
            return 4

    tools = Tools()
    return tools.method(1), tools.static(2), Tools.of_class(3), tools.size, refused(lambda: tools.method("x"))
