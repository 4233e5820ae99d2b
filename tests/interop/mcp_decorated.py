"""Functions of every sort that can become a component of a server, each with and without the decorator."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable
from typing import Any

import mcp_dialects

__all__ = ["Context", "in_between", "prompts", "resources", "templates", "tools"]

Decorate = Callable[[Any], Any]

# Annotations name it, so it has to be there before the functions are.
Context = mcp_dialects.DIALECTS[sys.argv[1]]().context_class


def in_between(function: Any) -> Any:
    """A decorator as anybody writes them."""
    if asyncio.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return await function(*args, **kwargs)

        return awaited

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return called


def tools(decorate: Decorate) -> dict[str, Any]:
    """Each takes an `x`, and `@tool` records it under the name that it has here."""

    @decorate
    def sync(x: int) -> str:
        """Says x."""
        return f"x={x}"

    @decorate
    async def coroutine(x: int) -> str:
        """Says x, later."""
        await asyncio.sleep(0)
        return f"x={x}"

    @decorate
    def sync_context(x: int, ctx: Context) -> str:
        """Says x and whether there is a context."""
        return f"x={x} {type(ctx).__name__}"

    @decorate
    async def coroutine_context(ctx: Context, x: int = 1) -> str:
        """Says x and whether there is a context, later."""
        return f"x={x} {type(ctx).__name__}"

    @in_between
    @decorate
    def under_another(x: int, ctx: Context) -> str:
        """Says x and whether there is a context."""
        return f"x={x} {type(ctx).__name__}"

    @in_between
    @decorate
    async def coroutine_under_another(x: int, ctx: Context) -> str:
        """Says x and whether there is a context, later."""
        return f"x={x} {type(ctx).__name__}"

    @decorate
    @in_between
    def over_another(x: int, ctx: Context) -> str:
        """Says x and whether there is a context."""
        return f"x={x} {type(ctx).__name__}"

    @decorate
    @in_between
    async def coroutine_over_another(x: int, ctx: Context) -> str:
        """Says x and whether there is a context, later."""
        return f"x={x} {type(ctx).__name__}"

    def decorated_partial(x: int, by: int) -> str:
        """Says the sum."""
        return f"x={x + by}"

    @decorate
    def partial_of_decorated(x: int, by: int) -> str:
        """Says the sum."""
        return f"x={x + by}"

    class CallableObject:
        """An object that says x."""

        __name__ = "callable_object"

        @decorate
        async def callable_object(self, x: int) -> str:
            """Says x."""
            return f"x={x}"

        __call__ = callable_object

    methods = _Methods.decorated(decorate)
    return {
        **{name: getattr(methods, name) for name in ("method", "async_method", "context_method", "static", "of_class")},
        "sync": sync,
        "coroutine": coroutine,
        "sync_context": sync_context,
        "coroutine_context": coroutine_context,
        "under_another": under_another,
        "coroutine_under_another": coroutine_under_another,
        "over_another": over_another,
        "coroutine_over_another": coroutine_over_another,
        "decorated_partial": decorate(_with_one_more(decorated_partial)),
        "partial_of_decorated": _with_one_more(partial_of_decorated),
        "callable_object": CallableObject(),
    }


def _with_one_more(function: Any) -> Any:
    """A partial with the name that servers want to know."""
    made = functools.partial(function, by=1)
    made.__name__ = function.__name__  # type: ignore[attr-defined]
    return made


class _Methods:
    """Methods of every sort, for one decorator or none."""

    @classmethod
    def decorated(cls, decorate: Decorate) -> Any:
        """An object of a class with the decorated methods."""

        class Methods:
            by = 0

            @decorate
            def method(self, x: int) -> str:
                """Says x."""
                return f"x={x + self.by}"

            @decorate
            async def async_method(self, x: int) -> str:
                """Says x, later."""
                return f"x={x + self.by}"

            @decorate
            async def context_method(self, x: int, ctx: Context) -> str:
                """Says x and whether there is a context."""
                return f"x={x + self.by} {type(ctx).__name__}"

            @staticmethod
            @decorate
            def static(x: int) -> str:
                """Says x."""
                return f"x={x}"

            @classmethod
            @decorate
            def of_class(cls, x: int) -> str:
                """Says x."""
                return f"x={x + cls.by}"

        return Methods()


def resources(decorate: Decorate) -> dict[str, Any]:
    """Each takes nothing."""

    @decorate
    def page() -> str:
        """A page."""
        return "page"

    @decorate
    async def async_page() -> str:
        """A page, later."""
        return "page"

    class Methods:
        @decorate
        def page_method(self) -> str:
            """A page."""
            return "page"

    return {"page": page, "async_page": async_page, "page_method": Methods().page_method}


def templates(decorate: Decorate) -> dict[str, Any]:
    """Each takes an `item`."""

    @decorate
    def item_page(item: str) -> str:
        """The page of an item."""
        return f"page of {item}"

    @decorate
    async def async_item_page(item: str, ctx: Context) -> str:
        """The page of an item, later."""
        return f"page of {item} {type(ctx).__name__}"

    @in_between
    @decorate
    def item_page_under_another(item: str) -> str:
        """The page of an item."""
        return f"page of {item}"

    return {
        "item_page": item_page,
        "async_item_page": async_item_page,
        "item_page_under_another": item_page_under_another,
    }


def prompts(decorate: Decorate) -> dict[str, Any]:
    """Each takes a `name`."""

    @decorate
    def greet(name: str) -> str:
        """Greets."""
        return f"Greet {name}."

    @decorate
    async def async_greet(name: str, ctx: Context) -> str:
        """Greets, later."""
        return f"Greet {name}, {type(ctx).__name__}."

    class Methods:
        @decorate
        def greet_method(self, name: str) -> str:
            """Greets."""
            return f"Greet {name}."

    return {"greet": greet, "async_greet": async_greet, "greet_method": Methods().greet_method}
