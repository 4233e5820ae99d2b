"""RecordedElsewhere: a call that a server records is not recorded again by the decorator under it."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from typing import Any

import pytest
from totals import calls

import toolvitals as tv
from toolvitals import _core

pytestmark = pytest.mark.usefixtures("from_zero")


def elsewhere(*names: str) -> Any:
    return _core.RecordedElsewhere(tv.get_collector().tool(name) for name in names)


@tv.tool("covered")
def covered(depth: int = 0) -> int:
    return covered(depth - 1) + 1 if depth else 0


@tv.tool("covered_async")
async def covered_async(depth: int = 0) -> int:
    await asyncio.sleep(0)
    return await covered_async(depth - 1) + 1 if depth else 0


@tv.tool("covered_items")
def covered_items() -> Any:
    yield covered()


@tv.tool("covered_async_items")
async def covered_async_items() -> Any:
    yield await covered_async()


def test_a_call_inside_is_not_recorded_but_calls_inside_the_call_are() -> None:
    with elsewhere("covered"):
        assert covered(depth=2) == 2
        assert calls("covered") == 2
        assert covered() == 0
    assert calls("covered") == 2
    covered()
    assert calls("covered") == 3


async def test_the_same_for_every_kind() -> None:
    with elsewhere("covered_async", "covered_items", "covered_async_items"):
        assert await covered_async(depth=1) == 1
        assert calls("covered_async") == 1
        assert list(covered_items()) == [0]
        assert [item async for item in covered_async_items()] == [0]
        assert calls("covered_async") == 1
        await covered_async()
    assert [calls(name) for name in ("covered_async", "covered_items", "covered_async_items")] == [1, 0, 0]
    assert calls("covered") == 1


async def test_an_attempt_that_fails_or_never_runs_ends() -> None:
    @tv.tool("attempted")
    async def attempted(ok: bool) -> None:
        if not ok:
            raise KeyError

    with elsewhere("attempted"):
        for _ in range(3):
            with pytest.raises(KeyError):
                await attempted(False)
        attempted(True).close()
        with pytest.raises(TypeError):
            await attempted(*())
        await attempted(True)
    assert calls("attempted") == 0


async def test_tasks_and_threads_that_run_in_the_context_are_covered() -> None:
    with elsewhere("covered", "covered_async"):
        await asyncio.to_thread(covered)
        await asyncio.create_task(covered_async())
    assert (calls("covered"), calls("covered_async")) == (0, 0)
    with elsewhere("covered"):
        thread = threading.Thread(target=contextvars.Context().run, args=(covered,))
        thread.start()
        thread.join()
    assert calls("covered") == 1


async def test_what_is_left_behind_is_recorded_again() -> None:
    go = asyncio.Event()

    async def later() -> None:
        await go.wait()
        covered()

    with elsewhere("covered"):
        task = asyncio.create_task(later())
        await asyncio.sleep(0)
    go.set()
    await task
    assert calls("covered") == 1


def test_decorators_stacked_around_others_are_covered_one_by_one() -> None:
    outer = tv.tool("around")(functools.wraps(covered)(lambda: covered()))
    with elsewhere("around", "covered"):
        outer()
    assert (calls("around"), calls("covered")) == (0, 0)


def test_bad_arguments() -> None:
    for tools, error in (((3,), TypeError), (3, TypeError), ((tv.get_collector().tool("covered"),) * 65, ValueError)):
        with pytest.raises(error):
            _core.RecordedElsewhere(tools)  # type: ignore[arg-type]
    used = elsewhere("covered")
    with used, pytest.raises(RuntimeError, match="once"), used:
        pass
