"""Real MCP clients with a seeded mix of requests. They tally what they got, to be held against the metrics."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import cast

from mcp import Client, MCPError
from mcp.types import CallToolResult, RequestParamsMeta
from tests.demo.cuts import is_cut
from tests.demo.ledger import CALL_KEY
from tests.demo.tally import Tally

__all__ = ["User"]

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


class User:
    """Makes one request after the other, drawn by its own dice; a client is handed in for each."""

    def __init__(self, number: int, seed: int, paths: list[str], tally: Tally) -> None:
        self.dice = random.Random(f"{seed}/{number}")
        self._paths = paths
        self._tally = tally
        # What one client asks for often the others do too, so that a cache has something to do.
        self._favourites = random.Random(seed).sample(paths, min(FAVOURITES, len(paths)))
        self._acts: dict[Callable[[Client], Awaitable[None]], int] = {
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

    async def act(self, client: Client) -> None:
        """One request, drawn from the mix. Raises an error that is_cut() knows where its server goes away meanwhile."""
        (action,) = self.dice.choices(list(self._acts), list(self._acts.values()))
        await action(client)

    async def _search_text(self, client: Client) -> None:
        await self._call(client, "search_text", query=self.dice.choice(_QUERIES))

    async def _search_regex(self, client: Client) -> None:
        await self._call(client, "search_regex", pattern=self.dice.choice(_PATTERNS), folder=self.dice.choice(_FOLDERS))

    async def _read_source(self, client: Client) -> None:
        path = self.dice.choice(self._favourites if self.dice.random() < 0.8 else self._paths)
        await self._call(client, "read_source", path=path if self.dice.random() < 0.97 else f"missing/{path}")

    async def _summarise(self, client: Client) -> None:
        await self._call(client, "summarise_module", path=self.dice.choice(self._favourites))

    async def _count_lines(self, client: Client) -> None:
        await self._call(client, "count_lines", folder=self.dice.choice(_FOLDERS))

    async def _evaluate(self, client: Client) -> None:
        await self._call(client, "evaluate", expression=self.dice.choice(_LITERALS))

    async def _call_unknown(self, client: Client) -> None:
        name = f"no_such_tool_{self.dice.randrange(1000)}"
        await self._count("unknown_tool", lambda meta: client.call_tool(name, {}, meta=meta))

    async def _read_resource(self, client: Client) -> None:
        module = self.dice.choice((*_MODULES, "no_such_module")).partition("/")[0]
        uri = f"stdlib://head/{module}"
        await self._count("resource:stdlib://head/{module}", lambda meta: client.read_resource(uri, meta=meta))

    async def _get_prompt(self, client: Client) -> None:
        path = self.dice.choice(self._favourites)
        await self._count("prompt:review", lambda meta: client.get_prompt("review", {"path": path}, meta=meta))

    async def _call(self, client: Client, name: str, **arguments: object) -> None:
        await self._count(name, lambda meta: client.call_tool(name, arguments, meta=meta))

    async def _count(self, name: str, request: Callable[[RequestParamsMeta], Awaitable[object]]) -> None:
        """Awaits the answer and counts it as its receiver sees it."""
        number = self._tally.begin(name)
        try:
            answer = await request(_meta(number))
        except MCPError as error:
            if is_cut(error):
                raise
            self._tally.answer(number, "error")
            return
        failed = isinstance(answer, CallToolResult) and answer.is_error
        self._tally.answer(number, "error" if failed else "success")

    async def _cancel(self, client: Client) -> None:
        """Calls the tool that hangs and gives up on it, once it is known to have begun."""
        begun = asyncio.Event()

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            begun.set()

        number = self._tally.begin("wait_forever")
        call = asyncio.ensure_future(
            client.call_tool("wait_forever", {}, progress_callback=on_progress, meta=_meta(number))
        )
        waiter = asyncio.ensure_future(begun.wait())
        try:
            await asyncio.wait({call, waiter}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(self.dice.uniform(0.1, 1.0))
        finally:
            call.cancel()
            waiter.cancel()
            await asyncio.wait({call, waiter})
        if call.cancelled():
            self._tally.give_up(number)
            return
        error = call.exception()
        if error is not None and is_cut(error):
            raise error
        self._tally.answer(number, "error" if error else "success")


def _meta(number: int) -> RequestParamsMeta:
    """What a request says beside its parameters: its number, for those who keep a ledger."""
    return cast(RequestParamsMeta, {CALL_KEY: number})
