"""Real MCP clients with a seeded mix of requests. Each counts what it got, to be held against the metrics."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

from mcp import Client, MCPError
from mcp.types import CallToolResult

__all__ = ["Counts", "run_client"]

Counts = Counter[tuple[str, str]]
"""How many calls, by (name as it is recorded, outcome)."""

FAVOURITES = 40

_QUERIES = ("socket", "coroutine", "deprecated", "thread AND lock", "unicode", "path", "pickle protocol", "timeout")
_PATTERNS = (
    r"def _?get\w+",
    r"class \w+Error",
    r"raise \w+",
    r"0x[0-9a-f]+",
    r"import \w+",
    r"lambda \w+",
    r"#\s*XXX.*",
)
_FOLDERS = ("asyncio/", "json/", "email/", "http/", "logging/", "concurrent/", "unittest/", "urllib/", "xml/")
_MODULES = (
    "abc",
    "ast",
    "bisect",
    "copy",
    "csv",
    "dis",
    "enum",
    "heapq",
    "inspect",
    "io",
    "queue",
    "random",
    "re/_parser",
)
_LITERALS = ("[1, 2, 3]", "{'a': 1}", "1 +", "open('x')", "", "(1, 2", "'text'", "{1: (2, 3)}")


async def run_client(url: str, number: int, seed: int, paths: list[str], counts: Counts, stop: asyncio.Event) -> None:
    """Sends requests until told to stop. Every other client speaks the protocol of before mcp 2."""
    dice = random.Random(f"{seed}/{number}")
    # What one client asks for often the others do too, so that a cache has something to do.
    favourites = random.Random(seed).sample(paths, min(FAVOURITES, len(paths)))
    mode = "legacy" if number % 2 else "auto"
    async with Client(url, mode=mode, cache=None) as client:
        user = _User(client, dice, paths, favourites, counts)
        while not stop.is_set():
            await user.act()
            await asyncio.sleep(dice.expovariate(1 / 0.02))


class _User:
    def __init__(
        self, client: Client, dice: random.Random, paths: list[str], favourites: list[str], counts: Counts
    ) -> None:
        self._client = client
        self._dice = dice
        self._paths = paths
        self._counts = counts
        self._favourites = favourites
        self._acts: dict[Callable[[], Awaitable[None]], int] = {
            self._search_text: 25,
            self._search_regex: 8,
            self._read_source: 30,
            self._summarise: 12,
            self._count_lines: 3,
            self._evaluate: 12,
            self._cancel: 3,
            self._read_resource: 4,
            self._get_prompt: 3,
            self._call_unknown: 1,
        }

    async def act(self) -> None:
        """One request, drawn from the mix."""
        (action,) = self._dice.choices(list(self._acts), list(self._acts.values()))
        await action()

    async def _search_text(self) -> None:
        await self._call("search_text", query=self._dice.choice(_QUERIES))

    async def _search_regex(self) -> None:
        await self._call("search_regex", pattern=self._dice.choice(_PATTERNS), folder=self._dice.choice(_FOLDERS))

    async def _read_source(self) -> None:
        path = self._dice.choice(self._favourites if self._dice.random() < 0.8 else self._paths)
        await self._call("read_source", path=path if self._dice.random() < 0.97 else f"missing/{path}")

    async def _summarise(self) -> None:
        await self._call("summarise_module", path=self._dice.choice(self._favourites))

    async def _count_lines(self) -> None:
        await self._call("count_lines", folder=self._dice.choice(_FOLDERS))

    async def _evaluate(self) -> None:
        await self._call("evaluate", expression=self._dice.choice(_LITERALS))

    async def _call_unknown(self) -> None:
        name = f"no_such_tool_{self._dice.randrange(1000)}"
        await self._count("unknown_tool", self._client.call_tool(name, {}))

    async def _read_resource(self) -> None:
        module = self._dice.choice((*_MODULES, "no_such_module")).partition("/")[0]
        await self._count("resource:stdlib://head/{module}", self._client.read_resource(f"stdlib://head/{module}"))

    async def _get_prompt(self) -> None:
        path = self._dice.choice(self._favourites)
        await self._count("prompt:review", self._client.get_prompt("review", {"path": path}))

    async def _call(self, name: str, **arguments: object) -> None:
        await self._count(name, self._client.call_tool(name, arguments))

    async def _count(self, name: str, request: Awaitable[object]) -> None:
        """Awaits the answer and counts it as its receiver sees it."""
        try:
            answer = await request
        except MCPError:
            self._counts[name, "error"] += 1
            return
        failed = isinstance(answer, CallToolResult) and answer.is_error
        self._counts[name, "error" if failed else "success"] += 1

    async def _cancel(self) -> None:
        """Calls the tool that hangs and gives up on it, once it is known to have begun."""
        begun = asyncio.Event()

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            begun.set()

        call = asyncio.ensure_future(self._client.call_tool("wait_forever", {}, progress_callback=on_progress))
        waiter = asyncio.ensure_future(begun.wait())
        try:
            await asyncio.wait({call, waiter}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(self._dice.uniform(0.1, 1.0))
        finally:
            call.cancel()
            waiter.cancel()
            await asyncio.wait({call, waiter})
        outcome = "cancelled" if call.cancelled() else "error" if call.exception() else "success"
        self._counts["wait_forever", outcome] += 1
