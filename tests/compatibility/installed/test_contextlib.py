"""contextlib over tools, and context variables within."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
from typing import Any

import pytest

FRAMEWORK = "contextlib, contextvars"
DISTRIBUTION = None


@pytest.mark.calls(4)
def test_context_manager(tool: Any) -> object:
    """`contextmanager` over a generator that is a tool: entered, raised into, used as a decorator."""
    seen = []

    @contextlib.contextmanager
    @tool
    def managed(label: str) -> Any:
        """Manages."""
        try:
            yield label
        except KeyError:
            seen.append("caught")
        finally:
            seen.append("left")

    with managed("a") as first:
        pass
    with managed("b"):
        raise KeyError

    @managed("c")
    def decorated() -> str:
        return "done"

    return first, decorated(), decorated(), seen, managed.__doc__, str(inspect.signature(managed))


@pytest.mark.calls(2)
def test_async_context_manager(tool: Any) -> object:
    """`asynccontextmanager` over an async generator that is a tool."""
    seen = []

    @contextlib.asynccontextmanager
    @tool
    async def managed(label: str) -> Any:
        try:
            await asyncio.sleep(0)
            yield label
        except KeyError:
            seen.append("caught")
        finally:
            seen.append("left")

    async def main() -> str:
        async with managed("a") as first:
            pass
        async with managed("b"):
            raise KeyError
        return first

    return asyncio.run(main()), seen


@pytest.mark.calls(2)
def test_under_context_manager(tool: Any) -> object:
    """A tool over what `contextmanager` made: a call is what makes the manager."""

    @tool
    @contextlib.contextmanager
    def managed() -> Any:
        yield 1

    with managed() as one:
        pass
    return one, type(managed()).__name__


@pytest.mark.calls(4)
def test_exit_stack(tool: Any) -> object:
    """`ExitStack.callback` and `push`, `AsyncExitStack.push_async_callback`, with tools."""
    seen = []

    async def main() -> None:
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(tool("callback")(seen.append), "callback")
            stack.push(tool("exit")(lambda *exc: seen.append("exit")))

            @stack.push_async_callback
            @tool("async_callback")
            async def async_callback() -> None:
                seen.append("async callback")

            @stack.push_async_exit
            @tool("async_exit")
            async def async_exit(*exc: object) -> None:
                seen.append("async exit")

    asyncio.run(main())
    return seen


@pytest.mark.calls(3)
def test_context_variables(tool: Any) -> object:
    """A context variable set in a tool is seen by its caller, as without; `Context.run` of a tool."""
    variable = contextvars.ContextVar("variable", default=0)

    @tool("set")
    def set_it(value: int) -> int:
        variable.set(value)
        return variable.get()

    @tool("async_set")
    async def async_set(value: int) -> int:
        await asyncio.sleep(0)
        variable.set(value)
        return variable.get()

    async def main() -> list[int]:
        return [await async_set(5), variable.get()]

    context = contextvars.copy_context()
    inside = context.run(set_it, 3)
    return inside, context[variable], variable.get(), asyncio.run(main()), context.run(set_it, 4)
