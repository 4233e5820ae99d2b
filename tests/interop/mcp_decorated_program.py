"""Decorated functions as components of servers, run by an interpreter that has some version of an SDK.

Its argument is the dialect. Prints, for each component, what a client got of it, what it got without the decorator,
and what was recorded; whether the server describes its components as it does without the decorator; and what came of
the scenarios.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import sys
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import mcp_decorated
import mcp_dialects
import mcp_scenarios

import toolvitals
from toolvitals.integrations.mcp import instrument

DIALECT = mcp_dialects.DIALECTS[sys.argv[1]]()


class Component:
    """One function on a server: how it is put there, asked for and called directly, and the name it has to have."""

    def __init__(self, sort: str, name: str, own_name: str) -> None:
        self.sort = sort
        self.name = name
        self.own_name = own_name
        self.refused: str | None = None
        uri = f"memo://{name}" if sort == "resource" else f"memo://{name}/{{item}}"
        prefix = {"tool": "", "prompt": "prompt:"}.get(sort, "resource:")
        self.uri = uri
        self.recorded_name = prefix + (name if sort in ("tool", "prompt") else uri)

    def add_to(self, server: Any, function: Any) -> None:
        """Puts it on the server; not every version takes every sort of function."""
        try:
            self._add_to(server, function)
        except Exception as error:
            self.refused = type(error).__name__

    def _add_to(self, server: Any, function: Any) -> None:
        if self.sort == "tool":
            DIALECT.add_tool(server, function, self.name)
        elif self.sort == "prompt":
            server.prompt(name=self.name)(function)
        else:
            server.resource(self.uri)(function)

    async def ask(self, client: mcp_dialects.Client) -> str:
        """What a client gets."""
        if self.refused is not None:
            return f"refused: {self.refused}"
        try:
            if self.sort == "tool":
                return await client.call(self.name, {"x": 7})
            if self.sort == "prompt":
                return await client.prompt(self.name, {"name": "Ada"})
            return await client.read(self.uri.replace("{item}", "7"))
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    async def call(self, function: Any) -> None:
        """Calls it without a server."""
        arguments: dict[str, Any] = {
            "tool": {"x": 7},
            "prompt": {"name": "Ada"},
            "template": {"item": "7"},
        }.get(self.sort, {})
        if "ctx" in inspect.signature(inspect.unwrap(function)).parameters:
            arguments["ctx"] = None
        result = function(**arguments)
        if inspect.isawaitable(result):
            await result


SORTS = {
    "tool": mcp_decorated.tools,
    "prompt": mcp_decorated.prompts,
    "resource": mcp_decorated.resources,
    "template": mcp_decorated.templates,
}


def components(decorate: Callable[[Any], Any]) -> list[tuple[Component, Any]]:
    """Each function under its own name, and each of another making under another name."""
    made = []
    for prefix in ("", "renamed_"):
        for sort, functions in SORTS.items():
            made += [(Component(sort, prefix + name, name), it) for name, it in functions(decorate).items()]
    return made


async def main() -> None:
    print(json.dumps({"components": await report(), "scenarios": await mcp_scenarios.report()}))


async def report() -> dict[str, Any]:
    """What came of each component on a server instrumented before it was there, and on one instrumented after."""
    bare, early, late = (DIALECT.server(name) for name in ("bare", "early", "late"))
    undecorated = components(lambda function: function)
    decorated = components(toolvitals.tool)
    others = components(toolvitals.tool)
    instrument(early)
    for server, its in ((bare, undecorated), (early, decorated), (late, others)):
        for component, function in its:
            component.add_to(server, function)
    instrument(late)
    of_each: dict[str, Any] = {}
    async with DIALECT.connected(bare) as client:
        described = await client.descriptions()
        for component, _ in undecorated:
            of_each[f"{component.sort} {component.name}"] = {"without": await component.ask(client)}
    for when, server, its in (("early", early, decorated), ("late", late, others)):
        async with DIALECT.connected(server) as client:
            of_each[f"descriptions {when}"] = await client.descriptions() == described
            for component, function in its:
                of_it = of_each[f"{component.sort} {component.name}"]
                of_it["name"], of_it["own_name"] = component.recorded_name, component.own_name
                of_it[when] = await recorded(component.ask, client)
                of_it[f"{when} directly"] = (await recorded(component.call, function))[1]
    return of_each


async def recorded(act: Callable[[Any], Awaitable[Any]], argument: Any) -> tuple[Any, dict[str, Any]]:
    """What it gives, and what is recorded meanwhile."""
    toolvitals.get_collector().reset()
    given = await act(argument)
    tools = toolvitals.get_collector().get_all_metrics()["tools"]
    keys = ("successful_calls", "failed_calls", "cancelled_calls")
    return given, {name: [tool[key] for key in keys] for name, tool in tools.items() if tool["total_calls"]}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    asyncio.run(main())
