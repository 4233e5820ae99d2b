"""asyncer: functions made async and back, with their arguments kept."""

from __future__ import annotations

from typing import Any

import anyio
import asyncer
import pytest

FRAMEWORK = "asyncer"
DISTRIBUTION = "asyncer"


@pytest.mark.calls(4)
def test_functions(tool: Any) -> object:
    """`asyncify`, `syncify`, `runnify`, `soonify` of tools."""

    async def later(a: int) -> int:
        await anyio.sleep(0)
        return a

    @asyncer.runnify
    @tool("main")
    async def main() -> object:
        async with asyncer.create_task_group() as group:
            soon = group.soonify(tool("soon")(later))(a=1)
        inner = tool("inner")(later)
        threaded = await asyncer.asyncify(tool("thread")(lambda a: asyncer.syncify(inner)(a=a)))(a=2)
        return soon.value, threaded

    return main()
