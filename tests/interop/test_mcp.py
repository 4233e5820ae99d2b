"""instrument() on real MCP servers, driven by real clients over every transport."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fastmcp
import http_servers
import mcp_servers
import pytest
import scrapes
import waiting
from child import result_of
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.server import MCPServer, Server
from programs import imports

import toolvitals
from toolvitals.integrations.mcp import instrument

TRANSPORTS = ["memory", "memory-legacy", "stdio", "sse", "http", "http-legacy"]

CALLS = {
    ("echo", "success"): 2,
    ("fail", "error"): 2,
    ("wait", "cancelled"): 1,
    ("unknown_tool", "error"): 3,
    ("resource:memo://plain", "success"): 1,
    ("resource:memo://items/{item}", "success"): 2,
    ("unknown_resource", "error"): 1,
    ("prompt:greet", "success"): 1,
    ("unknown_prompt", "error"): 1,
}
ERRORS_OF_FAIL = {("fail", "ValueError"): 1, ("fail", "tool_error"): 1}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The frameworks log a traceback for each failure that these tests provoke."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@asynccontextmanager
async def connected(kind: str, transport: str, folder: Path) -> AsyncIterator[Any]:
    """A client that is connected to a fresh server of that kind."""
    mode = "legacy" if transport.endswith("legacy") else "auto"
    if transport == "stdio":
        arguments = [str(Path(mcp_servers.__file__)), kind, str(folder / "addresses.json")]
        parameters = StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ))
        async with Client(parameters, cache=None) as client:
            yield client
        return
    server = mcp_servers.build(kind)
    if transport.startswith("memory"):
        low_level = server._mcp_server if kind == "fast" else server
        async with Client(low_level, mode=mode, cache=None) as client:
            yield client
    elif transport == "sse":
        with http_servers.serve(http_servers.sse_app(server)) as address:
            async with Client(sse_client(f"{address}/sse"), cache=None) as client:
                yield client
    else:
        with http_servers.serve(http_servers.streamable_app(server)) as address:
            async with Client(f"{address}/mcp", mode=mode, cache=None) as client:
                yield client


async def drive(client: Any) -> None:
    """Calls of everything, ending in every way but being cancelled."""
    await client.call_tool("echo", {"text": "a"})
    await client.call_tool("echo", {"text": "b"})
    for how in ("raise", "return"):
        await expect_failure(client.call_tool("fail", {"how": how}))
    for number in range(3):
        await expect_failure(client.call_tool(f"made_up_{number}", {}))
    await client.read_resource("memo://plain")
    for item in ("one", "two"):
        await client.read_resource(f"memo://items/{item}")
    await expect_failure(client.read_resource("other://made/up"))
    await client.get_prompt("greet", {"name": "Ada"})
    await expect_failure(client.get_prompt("made_up", {}))


async def expect_failure(request: Any) -> None:
    try:
        result = await request
    except MCPError:
        return
    assert result.is_error


async def cancel(client: Any, tool: str, prometheus_url: str) -> None:
    """Calls a tool that hangs, and gives up once a scrape shows that it does."""
    call = asyncio.ensure_future(client.call_tool(tool, {}))
    await wait_until(lambda: in_flight(prometheus_url, tool) == 1, "the call shows in flight")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # The client does not wait for the server to have cancelled.
    await wait_until(lambda: in_flight(prometheus_url, tool) == 0, "the call is no longer in flight")


def in_flight(prometheus_url: str, tool: str) -> float:
    """Calls of a tool that are running, as a scrape says."""
    gauge = scrapes.scrape(prometheus_url)["tool_calls_in_progress"]
    return sum(sample.value for sample in gauge.samples if sample.labels["tool"] == tool)


async def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Leaves the event loop to the server meanwhile."""
    await asyncio.to_thread(waiting.wait_until, holds, what)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("kind", sorted(mcp_servers.KINDS))
async def test_every_call_is_recorded(kind: str, transport: str, tmp_path: Path, prometheus_url: str) -> None:
    async with connected(kind, transport, tmp_path) as client:
        if transport == "stdio":
            port = json.loads((tmp_path / "addresses.json").read_text())["prometheus_port"]
            prometheus_url = f"http://127.0.0.1:{port}/metrics"
        await drive(client)
        await cancel(client, "wait", prometheus_url)
        assert dict(await asyncio.to_thread(scrapes.calls, prometheus_url)) == CALLS
        errors = await asyncio.to_thread(scrapes.errors, prometheus_url)
        assert {key: count for key, count in errors.items() if key[0] == "fail"} == ERRORS_OF_FAIL
        assert sum(count for key, count in errors.items() if key[0] == "unknown_tool") == 3


@pytest.mark.parametrize("kind", sorted(mcp_servers.KINDS))
async def test_instrumenting_twice_records_once(kind: str, endpoints: Any) -> None:
    server = mcp_servers.build(kind)
    assert instrument(server) is server
    async with Client(server._mcp_server if kind == "fast" else server, cache=None) as client:
        await client.call_tool("echo", {"text": "a"})
    assert calls_of("echo") == 1


async def test_fastmcp_client_in_memory(endpoints: Any) -> None:
    async with fastmcp.Client(mcp_servers.build("fast")) as client:
        await client.call_tool("echo", {"text": "a"})
    assert calls_of("echo") == 1


async def test_direct_call_is_recorded(endpoints: Any) -> None:
    for kind in ("high", "fast"):
        await mcp_servers.build(kind).call_tool("echo", {"text": "a"})
    assert calls_of("echo") == 2


async def test_decorated_tool_counts_once(endpoints: Any) -> None:
    @toolvitals.tool
    def decorated_once(x: int) -> int:
        return x

    high = instrument(MCPServer("once", log_level="CRITICAL"))
    high.tool()(decorated_once)
    fast = instrument(fastmcp.FastMCP("once"))
    fast.tool(decorated_once)
    async with Client(high, cache=None) as client:
        assert (await client.call_tool("decorated_once", {"x": 3})).structured_content == {"result": 3}
    async with fastmcp.Client(fast) as fast_client:
        assert (await fast_client.call_tool("decorated_once", {"x": 3})).data == 3
    assert calls_of("decorated_once") == 2
    assert decorated_once(4) == 4
    assert calls_of("decorated_once") == 3


async def test_tool_decorated_under_another_name_counts_under_the_servers(endpoints: Any) -> None:
    high = instrument(MCPServer("both", log_level="CRITICAL"))

    @high.tool(name="outer_name")
    @toolvitals.tool("inner_name")
    def both(x: int) -> int:
        return x

    async with Client(high, cache=None) as client:
        await client.call_tool("outer_name", {"x": 3})
        assert (calls_of("outer_name"), calls_of("inner_name")) == (1, 0)
    both(4)
    assert (calls_of("outer_name"), calls_of("inner_name")) == (1, 1)


@pytest.mark.parametrize("add", [lambda s, f: s.tool()(f), lambda s, f: s.add_tool(f)], ids=["decorator", "add_tool"])
@pytest.mark.parametrize("make", [MCPServer, fastmcp.FastMCP])
async def test_frameworks_take_a_decorated_function_like_the_bare_one(make: Any, add: Any) -> None:
    def sync_tool(x: int, y: str = "d") -> str:
        """Says both."""
        return f"{x}{y}"

    async def async_tool(x: int, y: str = "d") -> str:
        """Says both."""
        return f"{x}{y}"

    class Tools:
        @toolvitals.tool
        def bound(self, x: int) -> int:
            return x

    bare, decorated = make("bare"), make("decorated")
    for function in (sync_tool, async_tool):
        add(bare, function)
        add(decorated, toolvitals.tool(function))
    described = [tool.model_dump(exclude={"fn", "meta"}) for tool in await decorated.list_tools()]
    assert described == [tool.model_dump(exclude={"fn", "meta"}) for tool in await bare.list_tools()]
    add(decorated, Tools().bound)
    for name in ("sync_tool", "async_tool"):
        before = calls_of(name)
        result = await decorated.call_tool(name, {"x": 1})
        assert result.structured_content == {"result": "1d"}
        assert calls_of(name) == before + 1
    await decorated.call_tool("bound", {"x": 1})


async def test_listed_tools_show_with_zeros_after_the_first_request(endpoints: Any) -> None:
    server = instrument(MCPServer("zeros", log_level="CRITICAL"))
    for name in ("zero_a", "zero_b"):
        server.add_tool(mcp_servers.echo, name=name)
    async with Client(server, cache=None) as client:
        await client.call_tool("zero_a", {"text": "x"})
    assert (calls_of("zero_a"), calls_of("zero_b")) == (1, 0)


async def test_server_without_a_list_cannot_make_endless_series(endpoints: Any) -> None:
    async def call_tool(ctx: Any, params: Any) -> Any:
        return mcp_servers.types.CallToolResult(content=[], is_error=True)

    server = instrument(Server("unlisted", on_call_tool=call_tool))
    async with Client(server, cache=None) as client:
        for number in range(300):
            await client.call_tool(f"unlisted_{number}", {})
    tools = toolvitals.get_collector().get_all_metrics()["tools"]
    assert sum(name.startswith("unlisted_") for name in tools) == 256
    assert calls_of("unknown_tool") == 44


@pytest.mark.parametrize("thing", [None, object(), "server", mcp_servers.echo, MCPServer])
def test_what_is_no_server_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="takes an MCPServer, FastMCP or low-level Server"):
        instrument(thing)


def test_without_the_sdk_only_using_it_fails() -> None:
    assert "pip install 'toolvitals[mcp]'" in result_of(imports.instrument_without_mcp)


def calls_of(name: str) -> int:
    """Calls so far, as the collector says."""
    metrics = toolvitals.get_collector().get_tool_metrics(name)
    return 0 if metrics is None else metrics["total_calls"]
