"""The official MCP SDK, version 1: FastMCP and the low-level Server."""

from __future__ import annotations

import asyncio
from typing import Any

import mcp.types as types
import pytest
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.lowlevel import Server
from mcp.shared.memory import create_connected_server_and_client_session
from mcp_server import CALLS, ask, register
from starlette.testclient import TestClient

FRAMEWORK = "MCP SDK 1"
DISTRIBUTION = "mcp"


@pytest.mark.calls(CALLS)
def test_server(tool: Any) -> object:
    """`@mcp.tool` over tools with a `Context` and without, methods, resources, templates, prompts, `custom_route`."""
    server = FastMCP("compatibility", log_level="CRITICAL")
    register(server, tool, Context)

    async def main() -> object:
        async with create_connected_server_and_client_session(server) as client:

            async def call(name: str, arguments: dict[str, Any]) -> object:
                return (await client.call_tool(name, arguments)).model_dump(mode="json")

            async def read(uri: str) -> object:
                return (await client.read_resource(uri)).model_dump(mode="json")

            async def prompt(name: str, arguments: dict[str, str]) -> object:
                return (await client.get_prompt(name, arguments)).model_dump(mode="json")

            listed = [each.model_dump(mode="json") for each in (await client.list_tools()).tools]
            return listed, await ask(call, read, prompt)

    said = asyncio.run(main())
    return said, TestClient(server.streamable_http_app(), base_url="http://127.0.0.1:8000").get("/page").text


@pytest.mark.calls(1)
def test_low_level_server(tool: Any) -> object:
    """Handlers of the low-level `Server` that are tools."""
    server: Server[Any] = Server("low")

    async def call_tool(name: str, arguments: dict[str, Any]) -> list[types.TextContent]:
        return [types.TextContent(type="text", text=name)]

    async def list_tools() -> list[types.Tool]:
        return [types.Tool(name="x", inputSchema={"type": "object"})]

    server.list_tools()(list_tools)
    server.call_tool()(tool("call_tool")(call_tool))

    async def main() -> object:
        async with create_connected_server_and_client_session(server) as client:
            return (await client.call_tool("x", {})).content[0].text

    return asyncio.run(main())
