"""What the tests of MCP servers need of each framework: its server, its context, a client of it, and its applications.

Works with every version of the official SDK and of the `fastmcp` package, so it imports of them only what is asked for.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

__all__ = ["DIALECTS", "Client", "Dialect"]


class Client:
    """The same four requests whatever the client."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """The text of a tool's answer, `error` before it where the tool failed."""
        call = getattr(self._session, "call_tool_mcp", self._session.call_tool)
        result = await call(tool, arguments)
        failed = getattr(result, "is_error", getattr(result, "isError", False))
        return ("error " if failed else "") + " ".join(getattr(item, "text", "") for item in result.content)

    async def read(self, uri: str) -> str:
        """The text of a resource."""
        contents = await self._session.read_resource(uri)
        return " ".join(item.text for item in getattr(contents, "contents", contents))

    async def prompt(self, name: str, arguments: dict[str, str]) -> str:
        """The text of a prompt."""
        result = await self._session.get_prompt(name, arguments)
        return " ".join(message.content.text for message in result.messages)

    async def descriptions(self) -> list[Any]:
        """What the server says of all its components."""
        session = self._session
        answers = [await session.list_tools(), await session.list_prompts(), await session.list_resources()]
        answers.append(await session.list_resource_templates())
        items = [item for answer in answers for item in _items(answer)]
        return [item.model_dump(mode="json") for item in items]


def _items(answer: Any) -> list[Any]:
    """The list in an answer; some clients have opened it already."""
    if isinstance(answer, list):
        return answer
    fields = ("tools", "prompts", "resources", "resource_templates", "resourceTemplates")
    return next(value for value in (getattr(answer, field, None) for field in fields) if value is not None)


class Dialect:
    """One framework."""

    def __init__(self, server: tuple[str, str], context: tuple[str, str]) -> None:
        self.server_class = _imported(*server)
        self.context_class = _imported(*context)

    def server(self, name: str) -> Any:
        """A server without components."""
        return self.server_class(name)

    def add_tool(self, server: Any, function: Any, name: str) -> None:
        """Puts any callable on a server."""
        server.tool(name=name)(function)

    def connected(self, server: Any) -> Any:
        """A client in the same process, as an asynchronous context manager."""
        raise NotImplementedError

    def connected_to(self, url: str) -> Any:
        """A client over HTTP."""
        raise NotImplementedError

    def application(self, server: Any) -> Any:
        """The server as an ASGI application with the protocol at /mcp."""
        raise NotImplementedError


class FastMCP(Dialect):
    """The `fastmcp` package."""

    def __init__(self) -> None:
        super().__init__(("fastmcp", "FastMCP"), ("fastmcp", "Context"))

    def add_tool(self, server: Any, function: Any, name: str) -> None:
        if inspect.isroutine(function):
            server.tool(name=name)(function)
        else:
            server.add_tool(_imported("fastmcp.tools", "Tool").from_function(function, name=name))

    @asynccontextmanager
    async def connected(self, server: Any) -> AsyncIterator[Client]:
        async with _imported("fastmcp", "Client")(server) as session:
            yield Client(session)

    connected_to = connected

    def application(self, server: Any) -> Any:
        return server.http_app(path="/mcp")


class OfficialV1(Dialect):
    """The official SDK before version 2."""

    def __init__(self) -> None:
        super().__init__(("mcp.server.fastmcp", "FastMCP"), ("mcp.server.fastmcp", "Context"))

    @asynccontextmanager
    async def connected(self, server: Any) -> AsyncIterator[Client]:
        connect = _imported("mcp.shared.memory", "create_connected_server_and_client_session")
        async with connect(getattr(server, "_mcp_server", server)) as session:
            yield Client(session)

    @asynccontextmanager
    async def connected_to(self, url: str) -> AsyncIterator[Client]:
        connect = _imported("mcp.client.streamable_http", "streamable_http_client")
        async with connect(url) as (reads, writes, _), _imported("mcp", "ClientSession")(reads, writes) as session:
            await session.initialize()
            yield Client(session)

    def application(self, server: Any) -> Any:
        return server.streamable_http_app()


class OfficialV2(Dialect):
    """The official SDK from version 2 on."""

    def __init__(self) -> None:
        super().__init__(("mcp.server", "MCPServer"), ("mcp.server.mcpserver", "Context"))

    @asynccontextmanager
    async def connected(self, server: Any) -> AsyncIterator[Client]:
        async with _imported("mcp", "Client")(server, cache=None) as session:
            yield Client(session)

    connected_to = connected

    def application(self, server: Any) -> Any:
        return server.streamable_http_app()


DIALECTS = {"fastmcp": FastMCP, "mcp1": OfficialV1, "mcp2": OfficialV2}


def _imported(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)
