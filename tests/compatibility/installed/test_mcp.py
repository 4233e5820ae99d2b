"""The official MCP SDK, version 2: MCPServer and the low-level Server."""

from __future__ import annotations

import asyncio
from typing import Any

import mcp.types as types
import pytest
from mcp.client import Client
from mcp.server import MCPServer, Server
from mcp.server.mcpserver import Context
from mcp_server import CALLS, ask, register
from starlette.testclient import TestClient

FRAMEWORK = "MCP SDK 2"
DISTRIBUTION = "mcp"


@pytest.mark.calls(CALLS)
def test_server(tool: Any) -> object:
    """`@mcp.tool` over tools with a `Context` and without, methods, resources, templates, prompts, `custom_route`."""
    server = MCPServer("compatibility", log_level="CRITICAL")
    register(server, tool, Context)

    async def main() -> object:
        async with Client(server) as client:

            async def call(name: str, arguments: dict[str, Any]) -> object:
                result = await client.call_tool(name, arguments)
                return result.model_dump(mode="json")

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

    @tool("call_tool")
    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        return types.CallToolResult(content=[types.TextContent(type="text", text=params.name)])

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name="x", input_schema={"type": "object"})])

    server: Server[Any] = Server("low", on_call_tool=call_tool, on_list_tools=list_tools)

    async def main() -> object:
        async with Client(server) as client:
            return (await client.call_tool("x", {})).content[0].text

    return asyncio.run(main())
