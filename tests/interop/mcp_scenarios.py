"""Scenarios of calls: the table that they are kept in, what they need, and what comes of them.

What is recorded is, of each tool, the calls that succeeded, failed and were cancelled, and the types of its errors.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import mcp_dialects

import toolvitals
from toolvitals.integrations.mcp import instrument

__all__ = [
    "DIALECT",
    "DIALECT_NAME",
    "HAS_CALL_TOOL",
    "SCENARIOS",
    "TAKES_TIMEOUT",
    "ask",
    "instrumented",
    "report",
    "scenario",
]

DIALECT_NAME = sys.argv[1]
DIALECT = mcp_dialects.DIALECTS[DIALECT_NAME]()
TAKES_TIMEOUT = "timeout" in inspect.signature(DIALECT.server_class.tool).parameters
HAS_CALL_TOOL = hasattr(DIALECT.server_class, "call_tool")

SCENARIOS: dict[str, tuple[Callable[[], Awaitable[None]], dict[str, Any]]] = {}


def scenario(when: bool = True, **expected: Any) -> Callable[..., Any]:
    """Keeps a scenario with what is to be recorded; colons and dashes in names are underscores here."""

    def keep(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        if when:
            SCENARIOS[run.__name__] = run, expected
        return run

    return keep


def instrumented(**functions: Any) -> Any:
    """A server with these tools."""
    server = instrument(DIALECT.server("scenario"))
    for name, function in functions.items():
        DIALECT.add_tool(server, function, name)
    return server


async def ask(server: Any, tool: str = "asked", times: int = 1, **arguments: Any) -> None:
    """Has a client call a tool, at the same time as often as said."""
    async with DIALECT.connected(server) as client:
        await asyncio.gather(*(client.call(tool, arguments) for _ in range(times)), return_exceptions=True)


async def report() -> dict[str, Any]:
    """What was recorded in each scenario, and what should have been."""
    own = "mcp_composed_scenarios" if DIALECT_NAME == "fastmcp" else "mcp_low_level_scenarios"
    for module in ("mcp_call_scenarios", own):
        importlib.import_module(module)
    return {name: [await _outcome(run), expected] for name, (run, expected) in SCENARIOS.items()}


async def _outcome(run: Any) -> Any:
    """What is recorded while it runs."""
    toolvitals.get_collector().reset()
    try:
        await asyncio.wait_for(run(), 30)
    except Exception as error:
        return repr(error)
    tools = toolvitals.get_collector().get_all_metrics()["tools"]
    unfinished = [name for name, tool in tools.items() if tool["in_progress"]]
    if unfinished:
        return f"still running: {unfinished}"
    keys = ("successful_calls", "failed_calls", "cancelled_calls", "error_types")
    return {name: [tool[key] for key in keys] for name, tool in tools.items() if tool["total_calls"]}
