"""Trio: nurseries, threads; it looks at what a call returns."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

FRAMEWORK = "Trio"
DISTRIBUTION = "trio"


async def echo(a: int) -> int:
    """Waits once and gives it back."""
    await trio.lowlevel.checkpoint()
    return a


@pytest.mark.calls(6)
def test_functions(tool: Any) -> object:
    """`trio.run`, `start_soon`, `start`, threads and back, an async generator, a cancel scope."""
    seen: list[Any] = []

    @tool("soon")
    async def soon(a: int) -> None:
        seen.append(await echo(a))

    @tool("started")
    async def started(task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started("started")

    @tool("numbers")
    async def numbers(n: int) -> Any:
        for i in range(n):
            yield i

    @tool("main")
    async def main() -> int:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(soon, 1)
            seen.append(await nursery.start(started))
        seen.append(await trio.to_thread.run_sync(lambda: trio.from_thread.run(tool("echo")(echo), 3)))
        seen.append([i async for i in numbers(2)])
        with trio.move_on_after(0):
            await tool("forever")(trio.sleep_forever)()
        return 5

    return trio.run(main), sorted(map(str, seen))


@pytest.mark.calls(0)
def test_mistakes(tool: Any) -> object:
    """`trio.run(f())`, a frequent mistake, is explained as without."""
    try:
        trio.run(tool(echo)(1))
    except TypeError as error:
        # Up to the representation of the object, which says where it lies.
        return str(error).partition(" object <")[0]


@pytest.mark.calls(1)
def test_task_name(tool: Any) -> object:
    """A task's name, its coroutine and where it waits."""
    seen: list[Any] = []

    async def work() -> None:
        task = trio.lowlevel.current_task()
        seen.append((task.name.split(".")[-1], task.coro.cr_code.co_name, task.coro.cr_frame is not None))
        seen.append([frame.f_code.co_name for frame, _ in task.iter_await_frames()])

    trio.run(tool(work))
    return seen
