"""Servers and clients of the official SDK before version 2, run by an interpreter that has it.

Prints what was recorded. Its argument is the kind of server: `high` for FastMCP, `low` for the low-level Server, `fast`
for the fastmcp package.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import timedelta
from typing import Any

import mcp.types as types
from mcp.server.fastmcp import FastMCP
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import McpError
from mcp.shared.memory import create_connected_server_and_client_session

import toolvitals
from toolvitals.integrations.mcp import instrument

TEMPLATE = "memo://items/{item}"


async def echo(text: str) -> str:
    """Returns the text."""
    return text


async def fail(how: str) -> str:
    """Raises."""
    raise ValueError(how)


async def wait() -> str:
    """Hangs until it is cancelled."""
    await asyncio.Event().wait()
    return "never"


def plain() -> str:
    """A resource."""
    return "plain"


def item_memo(item: str) -> str:
    """A resource of a template."""
    return item


def greet(name: str) -> str:
    """A prompt."""
    return f"Hello {name}"


def high() -> Any:
    """The official SDK's FastMCP, with a tool registered before it was instrumented and the others after."""
    server = FastMCP("high", log_level="CRITICAL")
    server.tool()(echo)
    instrument(server)
    for function in (fail, wait):
        server.tool()(function)
    server.resource("memo://plain")(plain)
    server.resource(TEMPLATE)(item_memo)
    server.prompt()(greet)
    return server._mcp_server


def fast() -> Any:
    """The fastmcp package's server on this SDK."""
    import fastmcp

    server = fastmcp.FastMCP("fast")
    server.tool(echo)
    instrument(server)
    for function in (fail, wait):
        server.tool(function)
    server.resource("memo://plain")(plain)
    server.resource(TEMPLATE)(item_memo)
    server.prompt(greet)
    return server._mcp_server


def low() -> Any:
    """The low-level Server, instrumented before it has a handler."""
    server: Any = instrument(Server("low"))
    tools = {"echo": echo, "fail": fail, "wait": wait}

    @server.list_tools()
    async def list_tools() -> list[types.Tool]:
        return [types.Tool(name=name, inputSchema={"type": "object"}) for name in tools]

    @server.call_tool()
    async def call_tool(name: str, arguments: dict[str, Any]) -> list[types.TextContent]:
        text = await tools[name](**arguments)
        return [types.TextContent(type="text", text=text)]

    @server.list_resources()
    async def list_resources() -> list[types.Resource]:
        return [types.Resource(name="plain", uri="memo://plain")]  # type: ignore[arg-type]

    @server.list_resource_templates()
    async def list_templates() -> list[types.ResourceTemplate]:
        return [types.ResourceTemplate(name="item", uriTemplate=TEMPLATE)]

    @server.read_resource()
    async def read_resource(uri: Any) -> str:
        return str(uri)

    @server.list_prompts()
    async def list_prompts() -> list[types.Prompt]:
        return [types.Prompt(name="greet", arguments=[types.PromptArgument(name="name")])]

    @server.get_prompt()
    async def get_prompt(name: str, arguments: dict[str, str] | None) -> types.GetPromptResult:
        message = types.PromptMessage(
            role="user", content=types.TextContent(type="text", text=greet(**(arguments or {})))
        )
        return types.GetPromptResult(messages=[message])

    return server


async def drive(server: Any) -> None:
    """Makes the calls."""
    async with create_connected_server_and_client_session(server) as client:
        for text in ("a", "b"):
            await client.call_tool("echo", {"text": text})
        assert (await client.call_tool("fail", {"how": "raise"})).isError
        assert (await client.call_tool("nonesuch", {})).isError
        try:
            # Past its time the client gives up and says so to the server.
            await client.call_tool("wait", {}, read_timeout_seconds=timedelta(seconds=1))
        except McpError:
            await client.send_notification(
                types.ClientNotification(
                    types.CancelledNotification(
                        method="notifications/cancelled",
                        params=types.CancelledNotificationParams(requestId=client._request_id - 1, reason="late"),
                    )
                )
            )
        await client.read_resource("memo://plain")  # type: ignore[arg-type]
        await client.read_resource("memo://items/7")  # type: ignore[arg-type]
        await client.get_prompt("greet", {"name": "you"})
        while toolvitals.get_collector().get_tool_metrics("wait")["in_progress"]:  # type: ignore[index]
            await client.send_ping()


def main() -> None:
    """The program."""
    logging.disable(logging.CRITICAL)
    server = {"high": high, "low": low, "fast": fast}[sys.argv[1]]()
    asyncio.run(drive(server))
    tools = toolvitals.get_collector().get_all_metrics()["tools"]
    keys = ("successful_calls", "failed_calls", "cancelled_calls", "error_types")
    print(json.dumps({name: [tool[key] for key in keys] for name, tool in tools.items() if tool["total_calls"]}))


if __name__ == "__main__":
    main()
