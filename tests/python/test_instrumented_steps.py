"""What calls of decorated functions return: coroutines and generators, for whoever asks what they are."""

from __future__ import annotations

import asyncio
import gc
import inspect
import types
import weakref
from collections import abc
from collections.abc import Callable
from typing import Any

import pytest
from totals import calls

import toolvitals as tv
from toolvitals import _core

pytestmark = pytest.mark.usefixtures("from_zero")


KINDS = (abc.Coroutine, abc.Awaitable, abc.Generator, abc.Iterable, abc.AsyncGenerator, abc.AsyncIterable)


async def _coroutine() -> int:
    await asyncio.sleep(0)
    return 1


def _generator() -> Any:
    yield 1


async def _async_generator() -> Any:
    yield 1


@types.coroutine
def _old_style() -> Any:
    yield


@pytest.mark.parametrize("function", [_coroutine, _generator, _async_generator, _old_style])
def test_what_a_call_returns_is_what_the_bare_one_returns(function: Callable[[], Any]) -> None:
    bare, made = function(), tv.tool(function)()
    assert made.__class__ is type(bare)
    assert isinstance(made, type(bare))
    for question in (
        inspect.iscoroutine,
        inspect.isgenerator,
        inspect.isasyncgen,
        inspect.isawaitable,
        asyncio.iscoroutine,
        *(lambda made, kind=kind: isinstance(made, kind) for kind in KINDS),
    ):
        assert question(made) == question(bare), question
    missing = [name for name in dir(bare) if not hasattr(made, name)]
    assert missing == []
    for name in (name for name in dir(bare) if name[:3] in ("cr_", "gi_", "ag_")):
        mine, theirs = getattr(made, name), getattr(bare, name)
        assert type(mine) is type(theirs), name
        assert name.endswith("_frame") or mine == theirs, name
    made.__name__ = "renamed"
    assert made.__name__ == "renamed"
    for each in (bare, made):
        if hasattr(each, "close"):
            each.close()


def test_the_state_of_what_a_call_returns() -> None:
    generator = tv.tool(_generator)()
    states = [inspect.getgeneratorstate(generator)]
    next(generator)
    states.append(inspect.getgeneratorstate(generator))
    assert inspect.getgeneratorlocals(generator) == {}
    generator.close()
    states.append(inspect.getgeneratorstate(generator))
    assert states == [inspect.GEN_CREATED, inspect.GEN_SUSPENDED, inspect.GEN_CLOSED]
    coroutine = tv.tool(_coroutine)()
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED
    coroutine.close()
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


async def test_an_awaitable_that_is_no_coroutine_keeps_its_attributes() -> None:
    def start() -> Any:
        return asyncio.ensure_future(_coroutine())

    start._is_coroutine_marker = True  # type: ignore[attr-defined]
    recorder: Any = _core.InstrumentedCallable(start, tv.get_collector().tool("task"), _core.COROUTINE)
    task = recorder()
    assert not task.done()
    assert await task == 1
    assert calls("task") == 1


async def test_steps_are_taken_over_by_what_awaits_by_hand() -> None:
    @tv.tool("by_hand")
    async def work(fail: bool) -> int:
        try:
            await asyncio.sleep(0)
        except KeyError:
            return -1
        if fail:
            raise ValueError
        return 3

    class Delegating:
        def __init__(self, fail: bool) -> None:
            self.fail = fail

        def __await__(self) -> Any:
            return (yield from work(self.fail).__await__())

    @types.coroutine
    def old_style() -> Any:
        return (yield from work(False).__await__())

    assert await Delegating(False) == 3
    assert await old_style() == 3
    with pytest.raises(ValueError, match=r"^$"):
        await Delegating(True)
    steps = work(False).__await__()
    assert iter(steps) is steps
    assert next(steps) is None
    with pytest.raises(StopIteration) as stop:
        steps.throw(KeyError())
    assert stop.value.value == -1
    steps = work(False).__await__()
    assert steps.send(None) is None
    steps.close()
    metrics = tv.get_collector().get_tool_metrics("by_hand")
    assert metrics is not None
    assert [metrics[f"{outcome}_calls"] for outcome in ("successful", "failed", "cancelled")] == [3, 1, 1]


async def test_a_second_await_is_refused_and_harms_nobody() -> None:
    @tv.tool("awaited_twice")
    async def work() -> int:
        await go.wait()
        return 3

    go = asyncio.Event()
    running = work()

    async def wait() -> int:
        return await running

    first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    second.cancel()
    go.set()
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert results[0] == 3
    assert isinstance(results[1], (RuntimeError, asyncio.CancelledError))
    go.clear()
    third = work()
    assert third.send(None) is not None
    with pytest.raises(RuntimeError, match="being awaited already"):
        await third
    third.close()
    metrics = tv.get_collector().get_tool_metrics("awaited_twice")
    assert metrics is not None
    assert (metrics["successful_calls"], metrics["cancelled_calls"], metrics["in_progress"]) == (1, 1, 0)


async def test_a_step_that_is_refused_does_not_end_the_call() -> None:
    @tv.tool("refused")
    def items() -> Any:
        with pytest.raises(ValueError, match="already executing"):
            running.send(None)
        yield 1
        yield 2

    running = items()
    with pytest.raises(TypeError, match="just-started"):
        running.send(5)
    assert list(running) == [1, 2]

    @tv.tool("refused")
    async def async_items() -> Any:
        yield 1

    stepping = async_items()
    with pytest.raises(TypeError, match="just-started"):
        await stepping.asend(5)
    assert [item async for item in stepping] == [1]
    metrics = tv.get_collector().get_tool_metrics("refused")
    assert metrics is not None
    assert (metrics["successful_calls"], metrics["failed_calls"], metrics["in_progress"]) == (2, 0, 0)


def test_a_stop_iteration_that_is_thrown_leaves_as_the_object_that_it_was() -> None:
    generator = tv.tool("thrown")(_generator)()
    assert list(generator) == [1]
    stop = StopIteration(5)
    with pytest.raises(StopIteration) as caught:
        generator.throw(stop)
    assert caught.value is stop
    assert calls("thrown") == 1


def test_a_generator_that_outlives_its_collection_is_cancelled() -> None:
    @tv.tool("outlived")
    def items(cycle: list[Any]) -> Any:
        try:
            yield 1
        finally:
            kept.append(cycle[0])

    kept: list[Any] = []
    # More than once: what is made in the memory of a finalized one is finalized as well.
    for count in range(1, 4):
        cycle: list[Any] = []
        cycle.append(items(cycle))
        next(cycle[0])
        del cycle
        gc.collect()
        metrics = tv.get_collector().get_tool_metrics("outlived")
        assert metrics is not None
        assert (len(kept), metrics["cancelled_calls"], metrics["in_progress"]) == (1, count, 0)
        assert list(kept.pop()) == []
        gc.collect()
    assert calls("outlived") == 3


async def test_memory_that_is_used_again_holds_nothing_of_before() -> None:
    @tv.tool("reused")
    async def work(cycle: list[Any]) -> int:
        await asyncio.sleep(0)
        return len(cycle)

    for _ in range(3):
        # More at once than are kept, and each in a cycle.
        running = []
        for _ in range(300):
            cycle: list[Any] = []
            cycle.append(work(cycle))
            running.append(cycle[0])
        dead = [weakref.ref(each) for each in running]
        assert all(gc.is_tracked(each) for each in running)
        assert sum(await asyncio.gather(*running)) == 300
        del cycle, running
        await asyncio.sleep(0)  # until then the loop holds them
        gc.collect()
        assert [each() for each in dead] == [None] * 300
    assert calls("reused") == 900
