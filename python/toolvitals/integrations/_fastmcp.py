"""The `fastmcp` package: its servers take middleware that sees every call, whatever the transport."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from toolvitals.integrations._calls import observe
from toolvitals.integrations._decorated import undecorate
from toolvitals.integrations._names import KINDS, Kind, Listing, Names

__all__ = ["install"]

CallNext = Callable[[Any], Awaitable[Any]]


def install(server: Any) -> None:
    """Puts the recorder before every other middleware of the server, unless it is there already."""
    if any(getattr(middleware, "records_toolvitals", False) for middleware in server.middleware):
        return
    server.middleware.insert(0, _recorder_class()(server))


def _recorder_class() -> type[Any]:
    """The middleware's class. Its base is known only once the package is, so it is made when it is needed."""
    base: Any = importlib.import_module("fastmcp.server.middleware").Middleware

    class Recorder(base):  # type: ignore[misc]
        records_toolvitals = True

        def __init__(self, server: Any) -> None:
            self._server = server
            self._names = Names()

        async def on_call_tool(self, context: Any, call_next: CallNext) -> Any:
            return await self._observe(KINDS["tools/call"], context, call_next)

        async def on_read_resource(self, context: Any, call_next: CallNext) -> Any:
            return await self._observe(KINDS["resources/read"], context, call_next)

        async def on_get_prompt(self, context: Any, call_next: CallNext) -> Any:
            return await self._observe(KINDS["prompts/get"], context, call_next)

        async def _observe(self, kind: Kind, context: Any, call_next: CallNext) -> Any:
            key = str(getattr(context.message, kind.key))
            name = await self._names.name_of(kind, key, lambda kind: _find(self._server, kind, key))
            if kind.method == "tools/call" and name != kind.unknown:
                undecorate(await _get(self._server.get_tool, key), name)
            return await observe(name, lambda: call_next(context))

    return Recorder


async def _find(server: Any, kind: Kind, key: str) -> Listing:
    """Asks for the one component: a server may be composed of many whose lists are long."""
    if kind.method == "tools/call":
        return Listing(names=[key] if await _get(server.get_tool, key) is not None else [])
    if kind.method == "prompts/get":
        return Listing(names=[key] if await _get(server.get_prompt, key) is not None else [])
    if await _get(server.get_resource, key) is not None:
        return Listing(names=[key])
    template = await _get(server.get_resource_template, key)
    return Listing(templates=[template.uri_template] if template is not None else [])


async def _get(find: Callable[[str], Awaitable[Any]], key: str) -> Any:
    """A component or None. One that cannot be found, for whatever reason, is unknown; the call itself says why."""
    try:
        return await find(key)
    except Exception:
        return None
