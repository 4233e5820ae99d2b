"""The same small server on each framework, and in a process of its own for stdio: `mcp_servers.py KIND ADDRESSES`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import fastmcp
import mcp.types as types
from fastmcp.tools import ToolResult
from mcp.server import MCPServer, Server

import toolvitals
from toolvitals.integrations.mcp import instrument

__all__ = ["KINDS", "build"]

TEMPLATE = "memo://items/{item}"


def high_level() -> Any:
    """The official SDK's MCPServer; some of what it offers is registered after it was instrumented."""
    server = MCPServer("high", log_level="CRITICAL")
    server.tool()(echo)
    instrument(server)

    @server.tool()
    def fail(how: str) -> types.CallToolResult:
        if how == "raise":
            raise ValueError(how)
        return types.CallToolResult(content=[types.TextContent(type="text", text=how)], is_error=True)

    server.tool()(wait)
    server.resource("memo://plain")(plain)
    server.resource(TEMPLATE)(item_memo)
    server.prompt()(greet)
    return server


def fast() -> Any:
    """The fastmcp package's server."""
    server = fastmcp.FastMCP("fast")
    server.tool(echo)
    instrument(server)

    @server.tool
    def fail(how: str) -> ToolResult:
        if how == "raise":
            raise ValueError(how)
        return ToolResult(content=how, is_error=True)

    server.tool(wait)
    server.resource("memo://plain")(plain)
    server.resource(TEMPLATE)(item_memo)
    server.prompt(greet)
    return server


def low_level() -> Any:
    """The official SDK's low-level Server; the handler of tool calls is added after it was instrumented."""
    server: Server[Any] = Server(
        "low",
        on_list_tools=_list_tools,
        on_list_resources=_list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=_read_resource,
        on_list_prompts=_list_prompts,
        on_get_prompt=_get_prompt,
    )
    instrument(server)
    server.add_request_handler("tools/call", types.CallToolRequestParams, _call_tool)
    return server


KINDS = {"high": high_level, "low": low_level, "fast": fast}


def build(kind: str) -> Any:
    """A fresh instrumented server."""
    return KINDS[kind]()


def echo(text: str) -> str:
    return text


async def wait() -> str:
    """Hangs until it is cancelled."""
    await asyncio.Event().wait()
    return "never"


def plain() -> str:
    return "plain"


def item_memo(item: str) -> str:
    return item


def greet(name: str) -> str:
    return f"Greet {name}."


async def _list_tools(ctx: Any, params: Any) -> types.ListToolsResult:
    schema = {"type": "object"}
    # Two pages, so that the recorder has to turn them.
    names = ["echo"] if params.cursor is None else ["fail", "wait"]
    tools = [types.Tool(name=name, input_schema=schema) for name in names]
    return types.ListToolsResult(tools=tools, next_cursor="more" if params.cursor is None else None)


async def _call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    arguments = params.arguments or {}
    if params.name == "wait":
        await wait()
    if arguments.get("how") == "raise":
        raise ValueError("raise")
    failed = params.name not in ("echo", "wait")
    return types.CallToolResult(content=[types.TextContent(type="text", text=params.name)], is_error=failed)


async def _list_resources(ctx: Any, params: Any) -> types.ListResourcesResult:
    return types.ListResourcesResult(resources=[types.Resource(uri="memo://plain", name="plain")])


async def _list_templates(ctx: Any, params: Any) -> types.ListResourceTemplatesResult:
    template = types.ResourceTemplate(uri_template=TEMPLATE, name="items")
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def _read_resource(ctx: Any, params: Any) -> types.ReadResourceResult:
    if not params.uri.startswith("memo://"):
        raise KeyError(params.uri)
    return types.ReadResourceResult(contents=[types.TextResourceContents(uri=params.uri, text="memo")])


async def _list_prompts(ctx: Any, params: Any) -> types.ListPromptsResult:
    return types.ListPromptsResult(prompts=[types.Prompt(name="greet")])


async def _get_prompt(ctx: Any, params: Any) -> types.GetPromptResult:
    if params.name != "greet":
        raise KeyError(params.name)
    return types.GetPromptResult(messages=[])


async def _serve_stdio(server: Any) -> None:
    if isinstance(server, Server):
        from mcp.server.stdio import stdio_server

        async with stdio_server() as (reads, writes):
            await server.run(reads, writes, server.create_initialization_options())
    elif isinstance(server, MCPServer):
        await server.run_stdio_async()
    else:
        await server.run_stdio_async(show_banner=False)


def main(kind: str, addresses: Path) -> None:
    with toolvitals.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as endpoints:
        addresses.write_text(json.dumps({"prometheus_port": endpoints.prometheus_port}))
        asyncio.run(_serve_stdio(build(kind)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
