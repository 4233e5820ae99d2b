"""wrapt: its decorators and proxies, over tools and under them."""

from __future__ import annotations

import asyncio
import inspect
import types
from typing import Any

import pytest
import wrapt

FRAMEWORK = "wrapt"
DISTRIBUTION = "wrapt"


@wrapt.decorator
def passing(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    """Tells what it was bound to beside what the function gives."""
    told = type(instance).__name__ if not inspect.isclass(instance) else f"class {instance.__name__}"
    result = wrapped(*args, **kwargs)
    return result if inspect.isawaitable(result) else (told, result)


@pytest.mark.calls(4)
def test_under(tool: Any) -> object:
    """A tool over wrapt's decorator: functions and methods, sync and async, called by object and by class."""

    class Tools:
        @tool("method")
        @passing
        def method(self, a: int) -> int:
            return a

        @tool("async_method")
        @passing
        async def async_method(self, a: int) -> int:
            return a

    @tool("function")
    @passing
    def function(a: int) -> int:
        return a

    tools = Tools()
    said = [function(1), tools.method(2), Tools.method(tools, 3)]
    return said, asyncio.run(tools.async_method(6)), inspect.iscoroutinefunction(tools.async_method)


@pytest.mark.calls(3)
def test_under_static(tool: Any) -> object:
    """A tool over wrapt's decorator over a static and a class method."""

    class Tools:
        @tool("static")
        @passing
        @staticmethod
        def static(a: int) -> int:
            return a

        @tool("of_class")
        @passing
        @classmethod
        def of_class(cls, a: int) -> tuple[str, int]:
            return cls.__name__, a

    return Tools.static(4), Tools.of_class(5), Tools().of_class(6)


@pytest.mark.calls(5)
def test_over(tool: Any) -> object:
    """wrapt's decorator over a tool, of every kind."""

    class Tools:
        @passing
        @tool("method")
        def method(self, a: int) -> int:
            return a

        @passing
        @tool("static")
        @staticmethod
        def static(a: int) -> int:
            return a

        @passing
        @tool("of_class")
        @classmethod
        def of_class(cls, a: int) -> tuple[str, int]:
            return cls.__name__, a

        @passing
        @tool("async_method")
        async def async_method(self, a: int) -> int:
            return a

    @passing
    @tool("function")
    def function(a: int) -> int:
        return a

    tools = Tools()
    said = [function(1), tools.method(2), Tools.static(4), Tools.of_class(5), asyncio.run(tools.async_method(6))]
    return said, str(inspect.signature(function)), inspect.isfunction(function)


@pytest.mark.calls(3)
def test_proxies(tool: Any) -> object:
    """`CallableObjectProxy` of a tool and under one, `wrap_function_wrapper`'s patching."""

    class Tools:
        @tool("method")
        def method(self, a: int) -> int:
            return a

    wrapt.wrap_function_wrapper(Tools, "method", lambda wrapped, instance, args, kwargs: wrapped(*args) + 100)
    proxied = wrapt.CallableObjectProxy(tool("proxied")(lambda: 1))
    over = tool("over")(wrapt.CallableObjectProxy(lambda: 5))
    return Tools().method(1), proxied(), isinstance(proxied, types.FunctionType), over()


@pytest.mark.calls(3)
def test_synchronized_and_lru(tool: Any) -> object:
    """`wrapt.synchronized` and `lru_cache` over a method that is a tool."""

    class Tools:
        @wrapt.synchronized
        @tool("locked")
        def locked(self) -> int:
            return 1

        @wrapt.lru_cache
        @tool("cached")
        def cached(self, a: int) -> int:
            return a

    tools = Tools()
    return tools.locked(), tools.cached(1), tools.cached(1), Tools().cached(1)
