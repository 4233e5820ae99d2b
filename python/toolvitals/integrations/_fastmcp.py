"""The `fastmcp` package: its servers take middleware that sees every call, whatever the transport."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from toolvitals.integrations._calls import observe
from toolvitals.integrations._fastmcp_components import find, underneath
from toolvitals.integrations._functions import Underneath
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
            self._without_function: dict[str, Underneath] = {}

        async def on_call_tool(self, context: Any, call_next: CallNext) -> Any:
            return await self._observe(KINDS["tools/call"], context, call_next)

        async def on_read_resource(self, context: Any, call_next: CallNext) -> Any:
            return await self._observe(KINDS["resources/read"], context, call_next)

        async def on_get_prompt(self, context: Any, call_next: CallNext) -> Any:
            return await self._observe(KINDS["prompts/get"], context, call_next)

        async def _observe(self, kind: Kind, context: Any, call_next: CallNext) -> Any:
            name, below = await self._look_up(kind, str(getattr(context.message, kind.key)))
            return await observe(name, lambda: call_next(context), place=self, underneath=below)

        async def _look_up(self, kind: Kind, key: str) -> tuple[str, Underneath]:
            known = self._names.known(kind, key)
            if known in self._without_function:
                # To ask a proxy for one of its components may be a request to another machine.
                return known, self._without_function[known]
            component = await find(self._server, kind, key)
            name = await self._names.name_of(kind, key, lambda kind: _listed(component, key))
            below = await underneath(component, kind, key, name)
            if name != kind.unknown and not below.functions:
                self._without_function[name] = below
            return name, below

    return Recorder


async def _listed(component: Any, key: str) -> Listing:
    """The one component in the place of a list: a server may be composed of many whose lists are long."""
    template = getattr(component, "uri_template", None)
    if template is not None:
        return Listing(templates=[template])
    return Listing(names=[] if component is None else [key])
