"""AnyIO: task groups, threads, on asyncio."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

FRAMEWORK = "AnyIO"
DISTRIBUTION = "anyio"


async def echo(a: int) -> int:
    """Waits once and gives it back."""
    await anyio.sleep(0)
    return a


@pytest.mark.calls(5)
def test_functions(tool: Any) -> object:
    """`anyio.run`, `start_soon`, `start` with `task_status`, `to_thread.run_sync`, `from_thread.run`."""
    seen: list[Any] = []

    @tool("soon")
    async def soon(a: int) -> None:
        seen.append(await echo(a))

    @tool("started")
    async def started(task_status: Any = anyio.TASK_STATUS_IGNORED) -> None:
        task_status.started("started")

    @tool("main")
    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(soon, 1)
            seen.append(await group.start(started))
        threaded = tool("thread")(lambda: anyio.from_thread.run(tool("echo")(echo), 3))
        seen.append(await anyio.to_thread.run_sync(threaded))

    anyio.run(main)
    return sorted(map(str, seen))


@pytest.mark.calls(1)
def test_cancelled(tool: Any) -> object:
    """A tool ended by a cancel scope's deadline."""

    async def main() -> bool:
        with anyio.move_on_after(0.001) as scope:
            await tool(anyio.sleep_forever)()
        return scope.cancelled_caught

    return anyio.run(main)
