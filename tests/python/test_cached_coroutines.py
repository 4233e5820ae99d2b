"""caches: `cached` around coroutine functions, whose tasks share a computation."""

from __future__ import annotations

import asyncio
import gc
import inspect
import traceback
import weakref
from typing import Any

import pytest
from totals import look_ups

import toolvitals as tv

pytestmark = pytest.mark.usefixtures("from_zero")


class Source:
    """A coroutine function that can be held up."""

    def __init__(self) -> None:
        self.calls = 0
        self.gate = asyncio.Event()
        self.error: BaseException | None = None

    async def fetch(self, x: int) -> int:
        self.calls += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return x * 2


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_coroutines_are_kept() -> None:
    @tv.cached("async")
    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return x * 2

    assert inspect.iscoroutinefunction(double)
    assert [await double(1), await double(1), await double(2)] == [2, 2, 4]
    assert look_ups("async") == (1, 2, 0)


async def test_tasks_share_one_computation() -> None:
    source = Source()
    double = tv.cached("shared")(source.fetch)
    tasks = [asyncio.create_task(double(1)) for _ in range(5)]
    await settle()
    source.gate.set()
    assert await asyncio.gather(*tasks) == [2] * 5
    assert source.calls == 1
    assert look_ups("shared") == (4, 1, 0)


async def test_tasks_share_the_exception_and_it_is_not_kept() -> None:
    source = Source()
    source.error = LookupError()
    double = tv.cached("sharederror")(source.fetch)
    tasks = [asyncio.create_task(double(1)) for _ in range(3)]
    await settle()
    source.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results == [source.error] * 3
    assert source.calls == 1
    assert look_ups("sharederror") == (0, 3, 0)
    source.error = None
    assert await double(1) == 2


def frames(error: BaseException) -> list[str]:
    return [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]


def chain(error: BaseException) -> list[BaseException]:
    links = [error]
    while (link := links[-1].__cause__ or links[-1].__context__) is not None:
        links.append(link)
    return links


async def test_a_shared_exception_does_not_grow_with_those_who_wait() -> None:
    source = Source()
    source.error = LookupError()
    double = tv.cached("thousand")(source.fetch)
    seen: list[list[str]] = []
    chains: list[list[BaseException]] = []
    expected: list[BaseException] = []

    async def wait(number: int) -> None:
        try:
            raise KeyError(number)
        except KeyError as handled:
            try:
                await double(1)
            except LookupError as error:
                seen.append(frames(error))
                chains.append(chain(error))
                expected.append(handled)
                # What one of them does to it is not seen by the next.
                error.__cause__ = ValueError(number)

    async def lead() -> None:
        with pytest.raises(LookupError):
            await double(1)

    leader = asyncio.create_task(lead())
    await settle()
    waiters = [asyncio.create_task(wait(number)) for number in range(1, 1001)]
    await settle()
    source.gate.set()
    await asyncio.gather(leader, *waiters)
    assert source.calls == 1
    assert len(seen) == 1000
    assert {tuple(names) for names in seen} == {tuple(seen[0])}
    assert seen[0][0] == "wait"
    assert seen[0][-1] == "fetch"
    assert len(seen[0]) < 8
    assert chains == [[source.error, context] for context in expected]


async def test_who_waits_handling_nothing_sees_no_context_of_others() -> None:
    source = Source()
    source.error = LookupError()
    double = tv.cached("context")(source.fetch)
    contexts: list[BaseException | None] = []

    async def handling() -> None:
        try:
            raise KeyError
        except KeyError:
            await double(1)

    async def plain() -> None:
        try:
            await double(1)
        except LookupError as error:
            contexts.append(error.__context__)

    tasks = [asyncio.create_task(work()) for work in (plain, handling, plain)]
    await settle()
    source.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert contexts == [None, None]


class FrozenError(Exception):
    """As a frozen dataclass that is an exception."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(name)


async def test_a_shared_exception_may_be_frozen_and_is_freed_without_a_collection() -> None:
    source = Source()
    source.error = FrozenError()
    alive = weakref.ref(source.error)
    double = tv.cached("frozen")(source.fetch)

    async def wait() -> None:
        with pytest.raises(FrozenError):
            await double(1)

    gc.collect()
    gc.disable()
    try:
        tasks = [asyncio.create_task(wait()) for _ in range(5)]
        await settle()
        source.gate.set()
        await asyncio.gather(*tasks)
        del tasks
        source.error = None
        assert alive() is None
    finally:
        gc.enable()


async def test_a_cancelled_computation_begins_anew() -> None:
    source = Source()
    double = tv.cached("cancelled")(source.fetch)
    tasks = [asyncio.create_task(double(1)) for _ in range(3)]
    await settle()
    tasks[0].cancel()
    await settle()
    assert source.calls == 2
    source.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [2, 2]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert look_ups("cancelled") == (1, 2, 0)
    assert await double(1) == 2


async def test_a_waiter_that_is_cancelled_disturbs_nobody() -> None:
    source = Source()
    double = tv.cached("waiter")(source.fetch)
    tasks = [asyncio.create_task(double(1)) for _ in range(3)]
    await settle()
    tasks[1].cancel()
    await settle()
    source.gate.set()
    assert await asyncio.gather(tasks[0], tasks[2]) == [2, 2]
    assert source.calls == 1


async def test_a_cleared_cache_takes_nothing_of_computations_begun_before() -> None:
    results = iter(["old", "new"])
    gate = asyncio.Event()

    @tv.cached("cleared")
    async def read(key: str) -> str:
        value = next(results)
        await gate.wait()
        return value

    before = [asyncio.create_task(read("k")) for _ in range(2)]
    await settle()
    read.cache_clear()
    after = [asyncio.create_task(read("k")) for _ in range(2)]
    await settle()
    gate.set()
    assert await asyncio.gather(*before, *after) == ["old", "old", "new", "new"]
    assert await read("k") == "new"
    assert read.cache_info().currsize == 1


async def test_a_computation_that_was_cleared_away_may_end_last() -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    begun = iter(enumerate(gates))

    @tv.cached("late")
    async def read(key: str) -> int:
        number, gate = next(begun)
        await gate.wait()
        return number

    old = asyncio.create_task(read("k"))
    await settle()
    read.cache_clear()
    new = asyncio.create_task(read("k"))
    await settle()
    gates[1].set()
    assert await new == 1
    gates[0].set()
    assert await old == 0
    assert await read("k") == 1


async def test_a_computation_may_need_itself() -> None:
    depth = 0

    @tv.cached("itself")
    async def nested(x: int) -> int:
        nonlocal depth
        depth += 1
        return await nested(x) if depth < 3 else x

    assert await nested(7) == 7
    assert look_ups("itself") == (0, 3, 0)


async def test_maxsize_zero_shares_nothing() -> None:
    source = Source()
    source.gate.set()
    double = tv.cached("zero", maxsize=0)(source.fetch)
    assert await asyncio.gather(double(1), double(1)) == [2, 2]
    assert source.calls == 2


def test_a_cache_serves_several_loops() -> None:
    @tv.cached("loops")
    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return x * 2

    assert asyncio.run(double(1)) == asyncio.run(double(1)) == 2
    assert look_ups("loops") == (1, 1, 0)


def test_without_a_loop() -> None:
    @tv.cached("noloop")
    async def immediate(x: int) -> int:
        return x

    with pytest.raises(StopIteration) as stop:
        immediate(3).send(None)
    assert stop.value.value == 3
    assert look_ups("noloop") == (0, 1, 0)
