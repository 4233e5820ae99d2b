"""decorators.py: how calls end, and what is recorded of it."""

from __future__ import annotations

import asyncio
import gc
import sys
import traceback
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

import toolvitals as tv

pytestmark = pytest.mark.usefixtures("from_zero")


def outcome(name: str) -> tuple[int, int, int, int]:
    """Successes, failures, cancellations, and calls in progress."""
    metrics = tv.get_collector().get_tool_metrics(name)
    assert metrics is not None, name
    assert metrics["total_calls"] == sum(metrics[f"{what}_calls"] for what in ("successful", "failed", "cancelled"))
    return (
        metrics["successful_calls"],
        metrics["failed_calls"],
        metrics["cancelled_calls"],
        metrics["in_progress"],
    )


def errors(name: str) -> dict[str, int]:
    metrics = tv.get_collector().get_tool_metrics(name)
    assert metrics is not None
    found: dict[str, int] = metrics["error_types"]
    return found


def frames(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


class OwnError(Exception):
    """An Exception of the tests' own."""


async def drive(kind: str, error: BaseException) -> None:
    """Calls a tool of a kind that raises the very error."""

    @tv.tool("sync")
    def sync() -> None:
        raise error

    @tv.tool("coroutine")
    async def coroutine() -> None:
        raise error

    @tv.tool("generator")
    def generator() -> Iterator[int]:
        yield 1
        raise error

    @tv.tool("async_generator")
    async def async_generator() -> AsyncIterator[int]:
        yield 1
        raise error

    if kind == "sync":
        sync()
    elif kind == "coroutine":
        await coroutine()
    elif kind == "generator":
        for _ in generator():
            pass
    elif kind == "async_generator":
        async for _ in async_generator():
            pass
    elif kind == "track":
        with tv.track("track"):
            raise error
    else:
        async with tv.track("async_track"):
            raise error


KINDS = ["sync", "coroutine", "generator", "async_generator", "track", "async_track"]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_exception_leaves_as_it_is(kind: str) -> None:
    error = OwnError("x")
    cause = ValueError()
    error.__cause__ = cause
    with pytest.raises(OwnError) as caught:
        await drive(kind, error)
    assert caught.value is error
    assert error.__cause__ is cause
    assert error.__context__ is None
    # No frame of ours lies between the caller's and the tool's.
    expected = ["drive"] if "track" in kind else ["drive", kind]
    assert frames(error)[1:] == expected
    assert outcome(kind) == (0, 1, 0, 0)
    assert errors(kind) == {"OwnError": 1}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError("msg"), GeneratorExit()])
async def test_other_base_exceptions_are_cancellations(kind: str, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        await drive(kind, error)
    assert caught.value is error
    assert outcome(kind) == (0, 0, 1, 0)
    assert errors(kind) == {}


async def test_stop_iteration_from_a_function_is_its_error() -> None:
    @tv.tool
    def stops() -> None:
        raise StopIteration(3)

    with pytest.raises(StopIteration):
        stops()
    assert errors("stops") == {"StopIteration": 1}

    @tv.tool
    async def stops_within() -> None:
        raise StopIteration(3)

    with pytest.raises(RuntimeError, match="StopIteration"):
        await stops_within()
    assert errors("stops_within") == {"RuntimeError": 1}


async def test_cancelling_a_task() -> None:
    @tv.tool
    async def hangs() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(hangs())
    await asyncio.sleep(0)
    assert outcome("hangs") == (0, 0, 0, 1)
    metrics = tv.get_collector().get_tool_metrics("hangs")
    assert metrics is not None
    assert metrics["oldest_in_progress_ms"] >= 0
    task.cancel("why")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert outcome("hangs") == (0, 0, 1, 0)
    metrics = tv.get_collector().get_tool_metrics("hangs")
    assert metrics is not None
    assert metrics["oldest_in_progress_ms"] is None


async def test_a_cancellation_that_is_caught_is_a_success() -> None:
    @tv.tool
    async def stubborn() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "done"
        return "never"

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "done"
    assert outcome("stubborn") == (1, 0, 0, 0)


async def test_wait_for_cancels() -> None:
    @tv.tool
    async def hangs() -> None:
        await asyncio.Event().wait()

    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(hangs(), 0.001)
    assert outcome("hangs") == (0, 0, 1, 0)


async def test_a_task_that_is_collected_ends_once() -> None:
    @tv.tool
    async def abandoned() -> None:
        await asyncio.Event().wait()

    coroutine = abandoned()
    coroutine.send(None)
    assert outcome("abandoned") == (0, 0, 0, 1)
    del coroutine
    gc.collect()
    assert outcome("abandoned") == (0, 0, 1, 0)


def test_a_coroutine_that_never_ran_is_no_call() -> None:
    @tv.tool
    async def never() -> None: ...

    coroutine = never()
    coroutine.close()
    del coroutine
    assert outcome("never") == (0, 0, 0, 0)
    with pytest.warns(RuntimeWarning, match="never awaited"):
        never()
    assert outcome("never") == (0, 0, 0, 0)


@tv.tool
def steps(n: int) -> Iterator[int]:
    yield from range(n)


def test_a_generators_call_lasts_from_its_first_step_to_its_last() -> None:
    running = steps(2)
    assert outcome("steps") == (0, 0, 0, 0)
    assert next(running) == 0
    assert outcome("steps") == (0, 0, 0, 1)
    assert list(running) == [1]
    assert outcome("steps") == (1, 0, 0, 0)
    assert list(running) == []
    assert outcome("steps") == (1, 0, 0, 0)


@pytest.mark.parametrize("end", ["close", "abandon"])
def test_a_generator_that_is_left_early_is_cancelled(end: str) -> None:
    running = steps(9)
    next(running)
    if end == "close":
        running.close()  # type: ignore[attr-defined]
    del running
    gc.collect()
    assert outcome("steps") == (0, 0, 1, 0)


def test_a_generator_is_one_in_every_respect() -> None:
    @tv.tool
    def echo() -> Any:
        received = []
        while True:
            try:
                received.append((yield len(received)))
            except ValueError:
                received.append("thrown")
            if len(received) == 3:
                return received

    running = echo()
    assert next(running) == 0
    assert running.send("sent") == 1
    assert running.throw(ValueError()) == 2
    with pytest.raises(StopIteration) as stop:
        running.send("last")
    assert stop.value.value == ["sent", "thrown", "last"]
    assert outcome("echo") == (1, 0, 0, 0)

    def outer() -> Any:
        return (yield from echo())

    delegating = outer()
    next(delegating)
    delegating.send(1)
    delegating.send(2)
    with pytest.raises(StopIteration) as stop:
        delegating.send(3)
    assert stop.value.value == [1, 2, 3]


def test_a_generator_keeps_the_time_to_its_first_item() -> None:
    assert list(steps(2)) == [0, 1]
    metrics = tv.get_collector().get_tool_metrics("steps")
    assert metrics is not None
    assert metrics["first_item_ms"]["count"] == 1
    assert metrics["first_item_ms"]["max"] <= metrics["latency_ms"]["max"]


async def test_async_generators_that_are_left_early() -> None:
    @tv.tool
    async def pages() -> AsyncIterator[int]:
        for i in range(9):
            yield i

    async for page in pages():
        if page == 1:
            break
    gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)
    assert outcome("pages") == (0, 0, 1, 0)
    closed = pages()
    assert await closed.__anext__() == 0
    await closed.aclose()  # type: ignore[attr-defined]
    assert outcome("pages") == (0, 0, 2, 0)
    thrown = pages()
    assert await thrown.__anext__() == 0
    with pytest.raises(OwnError):
        await thrown.athrow(OwnError())  # type: ignore[attr-defined]
    assert outcome("pages") == (0, 1, 2, 0)


def test_an_async_generator_outside_any_loop_is_abandoned_quietly() -> None:
    @tv.tool
    async def pages() -> AsyncIterator[int]:
        yield 1

    async def first() -> int:
        async for page in pages():
            return page
        return 0

    assert asyncio.run(first()) == 1
    gc.collect()
    assert outcome("pages") == (0, 0, 1, 0)


async def test_coroutines_can_be_driven_by_hand() -> None:
    @tv.tool
    async def waits() -> str:
        await asyncio.sleep(0)
        return "done"

    coroutine = waits()
    assert asyncio.iscoroutine(coroutine)
    assert isinstance(coroutine, Awaitable)
    assert coroutine.send(None) is None
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    assert stop.value.value == "done"
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        await coroutine
    assert outcome("waits") == (1, 0, 0, 0)
    assert await asyncio.gather(*(waits() for _ in range(50))) == ["done"] * 50
    assert await asyncio.ensure_future(waits()) == "done"
    assert outcome("waits") == (52, 0, 0, 0)


async def test_context_variables_pass_through() -> None:
    from contextvars import ContextVar

    variable: ContextVar[int] = ContextVar("variable", default=0)

    @tv.tool
    async def sets() -> None:
        variable.set(5)

    await sets()
    assert variable.get() == 5


class Hostile(type):
    """A metaclass whose classes cannot be asked for their name."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no name for you")

    def __instancecheck__(cls, instance: object) -> bool:
        raise RuntimeError("no instance check")


def test_an_exception_with_a_hostile_class() -> None:
    class Evil(Exception, metaclass=Hostile):  # noqa: N818
        pass

    @tv.tool
    def evil() -> None:
        raise Evil

    raised: type[BaseException] | None = None
    try:
        evil()
    except Exception as error:
        raised = type(error)
    assert raised is Evil
    assert errors("evil") == {"Evil": 1}


@pytest.mark.parametrize("name", ["x" * 1_000_000, "é" * 200, ""])
def test_exception_names_are_capped(name: str) -> None:
    failing = tv.tool("capped")(raiser(type(name, (Exception,), {})))
    with pytest.raises(Exception):  # noqa: B017, PT011
        failing()
    assert outcome("capped") == (0, 1, 0, 0)
    for found in errors("capped"):
        assert 0 < len(found.encode()) <= 256
        assert name.startswith(found)


def raiser(error: Any) -> Callable[[], None]:
    def raises() -> None:
        raise error

    return raises


def test_the_error_types_of_one_tool_are_bounded() -> None:
    for i in range(2000):
        with pytest.raises(Exception):  # noqa: B017, PT011
            tv.tool("many")(raiser(type(f"Error{i}", (Exception,), {})))()
    found = errors("many")
    assert sum(found.values()) == 2000
    assert len(found) <= 300
    assert "overflow" in found


def test_recursion_is_recorded_level_by_level() -> None:
    @tv.tool
    def factorial(n: int) -> int:
        return 1 if n == 0 else n * factorial(n - 1)

    assert factorial(20) == 2432902008176640000
    assert outcome("factorial") == (21, 0, 0, 0)


def test_endless_recursion_ends_as_ever() -> None:
    @tv.tool
    def endless() -> None:
        endless()

    with pytest.raises(RecursionError):
        endless()
    successes, failures, cancelled, in_progress = outcome("endless")
    assert (successes, cancelled, in_progress) == (0, 0, 0)
    assert failures > 10


def test_track_counts_a_failure_that_did_not_raise() -> None:
    with tv.track("block") as tracked:
        tracked.fail("tool_error")
    with tv.track("block") as tracked:
        tracked.fail()
    with tv.track("block") as tracked:
        pass
    assert outcome("block") == (1, 2, 0, 0)
    assert errors("block") == {"tool_error": 1}


def test_track_in_progress() -> None:
    with tv.track("block"):
        assert outcome("block") == (0, 0, 0, 1)
        with tv.track("block"):
            assert outcome("block") == (0, 0, 0, 2)
    assert outcome("block") == (2, 0, 0, 0)


def test_a_track_serves_one_call_at_a_time() -> None:
    tracked = tv.track("block")
    for _ in range(2):
        with tracked:
            pass
    with tracked, pytest.raises(RuntimeError, match="already running"), tracked:
        pass
    assert outcome("block") == (3, 0, 0, 0)


def test_no_reference_is_leaked() -> None:
    class Argument:
        pass

    argument = Argument()
    passing = tv.tool("passing")(lambda value: value)
    failing = tv.tool("failing")(raiser(OwnError()))
    before = sys.getrefcount(argument)
    for _ in range(1000):
        passing(argument)
        with pytest.raises(OwnError):
            failing()
    assert sys.getrefcount(argument) == before


def test_types_of_what_calls_give() -> None:
    @tv.tool
    async def coroutine() -> None: ...

    made = coroutine()
    assert not isinstance(made, types.CoroutineType) or asyncio.iscoroutine(made)
    made.close()
