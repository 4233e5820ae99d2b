"""The low-level servers of the official SDK, whose one handler calls the functions that it knows by name."""

from __future__ import annotations

from typing import Any

import mcp.types as types
from mcp_scenarios import DIALECT, DIALECT_NAME, scenario

import toolvitals
from toolvitals.integrations.mcp import instrument


@toolvitals.tool
async def asked() -> str:
    return "asked"


@toolvitals.tool
async def greet() -> str:
    return "greet"


def server_with(handle: Any, handle_prompt: Any) -> Any:
    """A server with one tool and one prompt that two functions answer, given the name."""
    from mcp.server.lowlevel import Server

    if DIALECT_NAME == "mcp1":
        old: Any = Server("low")

        @old.list_tools()
        async def list_tools() -> Any:
            return [types.Tool(name="asked", inputSchema={"type": "object"})]

        @old.list_prompts()
        async def list_prompts() -> Any:
            return [types.Prompt(name="greet")]

        old.call_tool()(handle)
        old.get_prompt()(handle_prompt)
        return instrument(old)

    async def tools(ctx: Any, params: Any) -> Any:
        return types.ListToolsResult(tools=[types.Tool(name="asked", input_schema={"type": "object"})])

    async def prompts(ctx: Any, params: Any) -> Any:
        return types.ListPromptsResult(prompts=[types.Prompt(name="greet")])

    return instrument(
        Server("low", on_list_tools=tools, on_call_tool=handle, on_list_prompts=prompts, on_get_prompt=handle_prompt)
    )


def answer(text: str) -> Any:
    """A tool's answer as the version wants it."""
    content = types.TextContent(type="text", text=text)
    return [content] if DIALECT_NAME == "mcp1" else types.CallToolResult(content=[content])


@scenario(**{"asked": [1, 0, 0, {}], "prompt:greet": [1, 0, 0, {}]})
async def functions_behind_a_handler() -> None:
    async def handle(*args: Any) -> Any:
        return answer(await asked())

    async def handle_prompt(*args: Any) -> Any:
        await greet()
        return types.GetPromptResult(messages=[])

    async with DIALECT.connected(server_with(handle, handle_prompt)) as client:
        assert await client.call("asked", {}) == "asked"
        await client.prompt("greet", {})


@scenario(**{"asked": [1, 0, 0, {}], "prompt:greet": [1, 0, 0, {}]})
async def a_handler_that_is_decorated_itself() -> None:
    @toolvitals.tool
    async def handle(*args: Any) -> Any:
        return answer("asked")

    @toolvitals.tool
    async def handle_prompt(*args: Any) -> Any:
        return types.GetPromptResult(messages=[])

    async with DIALECT.connected(server_with(handle, handle_prompt)) as client:
        assert await client.call("asked", {}) == "asked"
        await client.prompt("greet", {})
