"""Servers of the `fastmcp` package that are composed of others, mounted or behind a proxy."""

from __future__ import annotations

from typing import Any

import fastmcp
from mcp_scenarios import DIALECT, HAS_CALL_TOOL, ask, instrumented, scenario

import toolvitals
from toolvitals.integrations.mcp import instrument


def parent_of(child: Any, prefix: str = "up") -> Any:
    """An instrumented server that another one is mounted on."""
    parent = instrumented()
    mount(parent, child, prefix)
    return parent


def mount(parent: Any, child: Any, prefix: str) -> None:
    """Puts a prefix, or a namespace, before the names of the child's components."""
    parent.mount(child, prefix) if not HAS_CALL_TOOL else parent.mount(child, namespace=prefix)


def proxy_of(server: Any) -> Any:
    """A server that passes everything on to another one, in this process, by a client of its own."""
    return fastmcp.FastMCP.as_proxy(server) if hasattr(fastmcp.FastMCP, "as_proxy") else _create_proxy(server)


def _create_proxy(server: Any) -> Any:
    from fastmcp.server import create_proxy

    return create_proxy(server)


def bare(**functions: Any) -> Any:
    """A server that is not instrumented."""
    server = DIALECT.server("child")
    for name, function in functions.items():
        DIALECT.add_tool(server, function, name)
    return server


@toolvitals.tool("own")
async def decorated() -> str:
    return "decorated"


async def plain() -> str:
    return "plain"


@scenario(up_asked=[1, 0, 0, {}], up_plain=[1, 0, 0, {}])
async def a_child_that_is_not_instrumented() -> None:
    parent = parent_of(bare(asked=decorated, plain=plain))
    await ask(parent, "up_asked")
    await ask(parent, "up_plain")


@scenario(up_asked=[1, 0, 0, {}], up_plain=[1, 0, 0, {}], asked=[1, 0, 0, {}])
async def a_child_that_is_instrumented_as_well() -> None:
    child = instrumented(asked=decorated, plain=plain)
    parent = parent_of(child)
    await ask(parent, "up_asked")
    await ask(parent, "up_plain")
    await ask(child)


@scenario(asked=[1, 0, 0, {}])
async def only_the_child_is_instrumented() -> None:
    parent = DIALECT.server("parent")
    mount(parent, instrumented(asked=decorated), "up")
    await ask(parent, "up_asked")


@scenario(top_up_asked=[1, 0, 0, {}])
async def a_grandchild() -> None:
    await ask(parent_of(parent_of(instrumented(asked=decorated)), "top"), "top_up_asked")


@scenario(up_asked=[0, 1, 0, {"ValueError": 1}])
async def an_exception_of_a_child() -> None:
    @toolvitals.tool("own")
    async def fails() -> str:
        raise ValueError("bad")

    await ask(parent_of(instrumented(asked=fails)), "up_asked")


@scenario(
    **{
        "resource:memo://up/page": [1, 0, 0, {}],
        "resource:memo://up/items/{item}": [1, 0, 0, {}],
        "prompt:up_greet": [1, 0, 0, {}],
    }
)
async def resources_and_prompts_of_a_child() -> None:
    child = instrumented()
    child.resource("memo://page")(toolvitals.tool("own_page")(lambda: "page"))
    child.resource("memo://items/{item}")(item_page)
    child.prompt(name="greet")(toolvitals.tool("own_greet")(greet))
    async with DIALECT.connected(parent_of(child)) as client:
        assert await client.read("memo://up/page") == "page"
        assert await client.read("memo://up/items/7") == "7"
        assert await client.prompt("up_greet", {"name": "Ada"}) == "Hello Ada"


@toolvitals.tool("own_item_page")
def item_page(item: str) -> str:
    return item


def greet(name: str) -> str:
    return f"Hello {name}"


@scenario(asked=[1, 0, 0, {}], plain=[1, 0, 0, {}])
async def a_proxy() -> None:
    @toolvitals.tool
    async def asked() -> str:
        return "asked"

    proxy = instrument(proxy_of(bare(asked=asked, plain=plain)))
    await ask(proxy)
    await ask(proxy, "plain")


@scenario(asked=[1, 0, 0, {}], up_asked=[1, 0, 0, {}])
async def a_proxy_of_a_server_that_is_instrumented_as_well() -> None:
    backend = instrumented(asked=decorated)
    await ask(instrument(proxy_of(backend)))
    await ask(parent_of(proxy_of(backend)), "up_asked")


@scenario(renamed=[1, 0, 0, {}])
async def a_transformed_tool() -> None:
    from fastmcp.tools import Tool

    server = instrumented()
    server.add_tool(Tool.from_tool(Tool.from_function(decorated), name="renamed"))
    await ask(server, "renamed")


@scenario(asked=[1, 0, 0, {}], elsewhere=[1, 0, 0, {}], own=[1, 0, 0, {}])
async def a_tool_that_is_a_client_of_another_server() -> None:
    other = instrumented(elsewhere=toolvitals.tool("own_elsewhere")(plain))

    @toolvitals.tool
    async def asks() -> str:
        await ask(other, "elsewhere")
        return await decorated()

    await ask(instrumented(asked=asks))
