"""What calls return: coroutines, generators and async generators, as the language knows them."""

from __future__ import annotations

import asyncio
import collections.abc
import contextlib
import inspect
import types
from typing import Any

import pytest

FRAMEWORK = "coroutines, generators"
DISTRIBUTION = None


async def awaited(a: int) -> int:
    """Waits once."""
    await asyncio.sleep(0)
    return a


def generated(n: int) -> Any:
    """Yields, takes what is sent, returns."""
    total = 0
    for i in range(n):
        total += (yield i) or 0
    return total


async def async_generated(n: int) -> Any:
    """Yields and waits."""
    for i in range(n):
        await asyncio.sleep(0)
        yield i


def end(result: Any) -> None:
    """Ends what may never have begun, so that nothing warns."""
    if hasattr(result, "aclose"):
        asyncio.run(result.aclose())
    else:
        result.close()


@types.coroutine
def old_style(a: int) -> Any:
    """A generator that can be awaited."""
    yield
    return a


TYPES = [
    types.CoroutineType,
    types.GeneratorType,
    types.AsyncGeneratorType,
    collections.abc.Coroutine,
    collections.abc.Awaitable,
    collections.abc.Generator,
    collections.abc.Iterator,
    collections.abc.AsyncGenerator,
    collections.abc.AsyncIterator,
]
QUESTIONS = [
    inspect.iscoroutine,
    inspect.isawaitable,
    inspect.isgenerator,
    inspect.isasyncgen,
    asyncio.iscoroutine,
    asyncio.isfuture,
]
KINDS = [awaited, generated, async_generated, old_style]
# What `types.coroutine` makes is a generator that can be awaited; the abstract classes tell less of it.
native_kinds = pytest.mark.parametrize("kind", KINDS[:-1], ids=lambda kind: kind.__name__)
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@pytest.mark.calls(0)
@native_kinds
def test_type(tool: Any, kind: Any) -> object:
    """`isinstance(x, types.CoroutineType)` and its like, `inspect.iscoroutine` and its like, the abstract classes."""
    result = tool(kind)(1)
    said = [isinstance(result, each) for each in TYPES], [question(result) for question in QUESTIONS]
    end(result)
    return said


@pytest.mark.calls(0)
def test_generator_based_type(tool: Any) -> object:
    """What a function under `types.coroutine` returns is a generator, and can be awaited."""
    result = tool(old_style)(1)
    said = [question(result) for question in QUESTIONS[:4]], isinstance(result, types.GeneratorType)
    end(result)
    return said


@pytest.mark.calls(0)
@kinds
def test_attributes(tool: Any, kind: Any) -> object:
    """`cr_code`, `cr_frame`, `cr_running`, `cr_await`, `cr_origin`, `gi_*`, `ag_*`, `__name__`, `__qualname__`."""
    result = tool(kind)(1)
    names = [name for name in dir(result) if name.startswith(("cr_", "gi_", "ag_"))]
    values = {name: getattr(result, name) for name in names}
    code = next(value for name, value in values.items() if name.endswith("_code"))
    frame = next(value for name, value in values.items() if name.endswith("_frame"))
    said = (
        names,
        {name: value for name, value in values.items() if not name.endswith(("_code", "_frame"))},
        code is kind.__code__,
        frame.f_code is kind.__code__,
        dict(frame.f_locals),
        result.__name__,
        result.__qualname__,
    )
    end(result)
    return said


@kinds
def test_state(tool: Any, kind: Any) -> object:
    """`inspect.getcoroutinestate`, `getgeneratorstate`, `getasyncgenstate`, and the locals, at every stage."""
    decorated = tool(kind)
    if inspect.iscoroutinefunction(kind):
        state, local = inspect.getcoroutinestate, inspect.getcoroutinelocals
    elif inspect.isgeneratorfunction(kind):
        state, local = inspect.getgeneratorstate, inspect.getgeneratorlocals
    else:
        state = getattr(inspect, "getasyncgenstate", None)
        local = getattr(inspect, "getasyncgenlocals", None)
        if state is None:
            pytest.skip("Python before 3.12 has no such question for async generators")
    result = decorated(2)
    # Since CPython 3.13 the locals are a view of the frame, which must not outlive it.
    said = [state(result), dict(local(result))]
    step = result.asend(None) if inspect.isasyncgen(result) else result
    with contextlib.suppress(StopIteration):
        step.send(None)
        if step is not result:
            step.send(None)  # It has waited; now it yields.
    said += [state(result), dict(local(result))]
    end(result)
    said.append(state(result))
    fresh = decorated(1)
    said.append(state(fresh))
    end(fresh)
    return said


def test_coroutine_protocol(tool: Any) -> object:
    """`send`, `throw` and `close` by hand, as an event loop does."""
    coroutine = tool(awaited)(5)
    said = [coroutine.send(None)]
    try:
        coroutine.throw(KeyError("thrown"))
    except KeyError as error:
        said.append(error.args)
    coroutine.close()
    return said


@pytest.mark.calls(4)
def test_generator_protocol(tool: Any) -> object:
    """`send`, `throw`, `close`, `yield from`, `for`, unpacking, and the value of `StopIteration`."""
    decorated = tool(generated)

    def outer() -> Any:
        return (yield from decorated(3))

    generator = outer()
    said = [next(generator), generator.send(10), generator.send(20)]
    try:
        generator.send(30)
    except StopIteration as stop:
        said.append(stop.value)
    broken = decorated(3)
    next(broken)
    try:
        broken.throw(KeyError("thrown"))
    except KeyError as error:
        said.append(error.args)
    closed = decorated(3)
    next(closed)
    closed.close()
    return said, list(closed), [*decorated(3)]


@pytest.mark.calls(3)
def test_async_generator_protocol(tool: Any) -> object:
    """`async for`, `asend`, `athrow`, `aclose`, `anext`."""
    decorated = tool(async_generated)

    async def main() -> object:
        said: list[Any] = [[i async for i in decorated(3)]]
        one = decorated(3)
        said += [await one.asend(None), await anext(one)]
        try:
            await one.athrow(KeyError("thrown"))
        except KeyError as error:
            said.append(error.args)
        other = decorated(3)
        await anext(other)
        await other.aclose()
        said.append([i async for i in other])
        return said

    return asyncio.run(main())


@pytest.mark.calls(0)
def test_never_awaited(tool: Any) -> object:
    """A coroutine that is never awaited warns, and names the function."""
    import gc
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tool(awaited)(1)
        gc.collect()
    return [(warning.category, str(warning.message)) for warning in caught]


@pytest.mark.limit("the interpreter takes its own coroutines only there; `await` and `yield from x.__await__()` work")
@pytest.mark.calls(0)
def test_yield_from(tool: Any) -> object:
    """`yield from` a coroutine in a generator under `types.coroutine`."""
    coroutine = tool(awaited)(4)

    @types.coroutine
    def delegating() -> Any:
        return (yield from coroutine)

    async def main() -> object:
        return await delegating()

    try:
        return asyncio.run(main())
    finally:
        coroutine.close()


@pytest.mark.calls(2)
def test_awaiting(tool: Any) -> object:
    """`await`, `yield from x.__await__()` in a generator-based coroutine, and awaiting twice."""
    decorated = tool(awaited)

    @types.coroutine
    def delegating() -> Any:
        return (yield from decorated(4).__await__())

    async def main() -> object:
        said: list[Any] = [await delegating()]
        coroutine = decorated(3)
        said.append(await coroutine)
        try:
            await coroutine
        except RuntimeError as error:
            said.append(str(error))
        return said

    return asyncio.run(main())


@pytest.mark.calls(2)
def test_exception_traceback(tool: Any) -> object:
    """The exception leaves with its own frames only, of a function and of a coroutine."""
    import traceback

    @tool("failing")
    def failing() -> None:
        raise KeyError("lost")

    @tool("async_failing")
    async def async_failing() -> None:
        await asyncio.sleep(0)
        raise KeyError("lost")

    def frames(call: Any) -> list[str]:
        try:
            call()
        except KeyError as error:
            return [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        raise AssertionError("nothing was raised")

    async def main() -> None:
        await async_failing()

    return frames(failing), frames(lambda: asyncio.run(main()))[-3:]
