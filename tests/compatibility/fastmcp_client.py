"""Asks a server of the fastmcp package for everything that `mcp_server` registers, whatever its version."""

from __future__ import annotations

import asyncio
from typing import Any

import fastmcp
from mcp_server import ask, register
from starlette.testclient import TestClient

__all__ = ["said_by_server"]


def said_by_server(tool: Any) -> object:
    """What a client sees: the list of tools, and every answer."""
    server = fastmcp.FastMCP("compatibility")
    register(server, tool, fastmcp.Context)

    async def main() -> object:
        async with fastmcp.Client(server) as client:

            async def call(name: str, arguments: dict[str, Any]) -> object:
                result = await client.call_tool(name, arguments)
                return result.data, [block.text for block in result.content]

            async def read(uri: str) -> object:
                return [each.text for each in await client.read_resource(uri)]

            async def prompt(name: str, arguments: dict[str, str]) -> object:
                return [message.content.text for message in (await client.get_prompt(name, arguments)).messages]

            listed = [each.model_dump(mode="json") for each in await client.list_tools()]
            return listed, await ask(call, read, prompt)

    said = asyncio.run(main())
    return said, TestClient(server.http_app()).get("/page").text
