"""One line of instrumentation for Model Context Protocol servers.

    from toolvitals.integrations.mcp import instrument

    server = instrument(MCPServer("my server"))

Limits first: a call is recorded where the server handles it, so a request that the transport refuses (a bad session, a
body that is no JSON-RPC) is not one; a tool that asks the client for input and is called again with the answer counts
once per round; and a background task runs after its request was answered, and is recorded by `@toolvitals.tool` alone.

| request | recorded as |
| --- | --- |
| `tools/call` | the tool's name |
| `resources/read` | `resource:` and the URI template that matches, or the URI of a resource that is listed |
| `prompts/get` | `prompt:` and the prompt's name |
| a name or URI that the server does not list | `unknown_tool`, `unknown_resource`, `unknown_prompt` |

| what happens | outcome |
| --- | --- |
| a result | success |
| a result with `isError` that the tool itself returned | error, `error_type="tool_error"` |
| an exception, also where the framework turns it into an `isError` result | error, by the exception's class |
| the server's timeout for the tool | error, `error_type="TimeoutError"` |
| the client cancels or goes away, the server shuts down | cancelled |

Where names come from: the server is asked for its own list the first time a name is seen, so names that a client makes
up never become series, and every listed tool and prompt shows with zeros from the first request on. A low-level server
without a list handler cannot be asked; there the first 256 names are taken as they come.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, TypeVar

__all__ = ["instrument"]

ServerT = TypeVar("ServerT")

_ADVICE = "toolvitals.integrations.mcp needs the MCP SDK: pip install 'toolvitals[mcp]'"


def instrument(server: ServerT) -> ServerT:
    """Records every tool call, resource read and prompt of an MCP server.

    Works with tools that are registered before and after this call and with every transport. Instrumenting a server
    again changes nothing. One call counts once: where the function of a component is also decorated with
    `@toolvitals.tool`, under whatever name, a call through the server is recorded under the name that it has there, and
    a direct call of the function under the decorator's. A call that comes by a mounted server counts under the name on
    the outermost server that is instrumented.

    Args:
        server: an `MCPServer` (called `FastMCP` before mcp 2) or low-level `Server` of the official SDK, or a `FastMCP`
            of the `fastmcp` package.

    Returns:
        The same server.

    Raises:
        ImportError: the `mcp` package is not installed.
        TypeError: `server` is none of these.

    Thread safety: call it from one thread, before or while the server runs; requests that are already being handled
    are not recorded.
    """
    adapter = _adapter_for(server)
    if adapter is None:
        _require_sdk()
        raise TypeError(
            "instrument() takes an MCPServer, FastMCP or low-level Server of the mcp package or a FastMCP of the "
            f"fastmcp package, not {type(server).__module__}.{type(server).__qualname__}"
        )
    importlib.import_module(f"toolvitals.integrations.{adapter}").install(server)
    return server


def _adapter_for(server: object) -> str | None:
    """The module that knows this kind of server; a server exists only where its package is already imported."""
    if isinstance(server, _classes("fastmcp", "FastMCP")):
        return "_fastmcp"
    if isinstance(server, _classes("mcp.server.fastmcp", "FastMCP")):
        return "_mcp_v1"
    if isinstance(server, _classes("mcp.server.mcpserver", "MCPServer")):
        return "_mcp_v2"
    if isinstance(server, _classes("mcp.server.lowlevel", "Server")):
        return "_mcp_v2" if hasattr(server, "middleware") else "_mcp_v1"
    return None


def _classes(module_name: str, class_name: str) -> tuple[type[Any], ...]:
    """The class in a form for isinstance(), empty where nobody has imported its module."""
    found = getattr(sys.modules.get(module_name), class_name, None)
    return (found,) if isinstance(found, type) else ()


def _require_sdk() -> None:
    try:
        importlib.import_module("mcp")
    except ImportError as error:
        raise ImportError(_ADVICE) from error
