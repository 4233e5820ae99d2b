"""The official SDK from version 2 on: `MCPServer` and the low-level `Server`, through the server's own middleware."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from toolvitals.integrations import _managed
from toolvitals.integrations._calls import observe
from toolvitals.integrations._functions import Underneath
from toolvitals.integrations._names import KINDS, Kind, Listing, Names

__all__ = ["install"]

# A list handler that never ends its pages must not hold a call.
PAGES_MAX = 100

_LISTS = {
    "tools/call": (("tools/list", "tools"),),
    "resources/read": (("resources/list", "resources"), ("resources/templates/list", "resource_templates")),
    "prompts/get": (("prompts/list", "prompts"),),
}


def install(server: Any) -> None:
    """Puts the recorder before every other middleware of the server, unless it is there already."""
    if any(isinstance(middleware, _Recorder) for middleware in server.middleware):
        return
    low_level = hasattr(server, "get_request_handler")
    server.middleware.insert(0, _Recorder(server) if low_level else _HighLevelRecorder(server))


class _Recorder:
    """Middleware of a low-level server: sees each request whatever its transport, and the result as it leaves."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._names = Names()

    async def __call__(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        kind = KINDS.get(ctx.method)
        key = (ctx.params or {}).get(kind.key) if kind is not None else None
        if kind is None or ctx.request_id is None or not isinstance(key, str):
            return await call_next(ctx)
        name = await self._name_of(kind, key, ctx)
        below = self._underneath(kind, key, name)
        return await observe(name, lambda: call_next(ctx), place=self, underneath=below)

    def _underneath(self, kind: Kind, key: str, name: str) -> Underneath:
        """The handler: what it calls in its turn can only be known by name."""
        entry = self._server.get_request_handler(kind.method)
        return Underneath(functions=() if entry is None else (entry.handler,), names=(key,))

    async def _name_of(self, kind: Kind, key: str, ctx: Any) -> str:
        return await self._names.name_of(kind, key, lambda kind: self._list(kind, ctx))

    async def _list(self, kind: Kind, ctx: Any) -> Listing | None:
        found: dict[str, list[str]] = {"names": [], "templates": []}
        answered = False
        for method, field in _LISTS[kind.method]:
            entry = self._server.get_request_handler(method)
            if entry is None:
                continue
            answered = True
            for item in await _list_pages(entry, dataclasses.replace(ctx, method=method, params={}), field):
                _add(found, item, field)
        return Listing(**found) if answered else None


class _HighLevelRecorder(_Recorder):
    """Middleware of an `MCPServer`, which turns exceptions into results before a middleware could see their class.

    So its public methods are wrapped as well: they see the exception. Inside a request they only add its class to the
    record of the middleware; called directly, they record.
    """

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        for method_name, kind in _managed.METHODS:
            self._wrap(method_name, kind)

    def _underneath(self, kind: Kind, key: str, name: str) -> Underneath:
        return _managed.underneath(self._server, kind, key, name)

    async def _list(self, kind: Kind, ctx: Any) -> Listing:
        found: dict[str, list[str]] = {"names": [], "templates": []}
        for _, field in _LISTS[kind.method]:
            for item in await getattr(self._server, f"list_{field}")():
                _add(found, item, field)
        return Listing(**found)

    def _wrap(self, method_name: str, kind: Kind) -> None:
        method = getattr(self._server, method_name)

        @functools.wraps(method)
        async def recorded(*args: Any, **kwargs: Any) -> Any:
            key = str(args[0] if args else kwargs.get(kind.key))
            name = await self._name_of(kind, key, None)
            below = self._underneath(kind, key, name)
            return await observe(name, lambda: method(*args, **kwargs), place=recorded, underneath=below)

        setattr(self._server, method_name, recorded)


def _add(found: dict[str, list[str]], item: Any, field: str) -> None:
    if field == "resource_templates":
        found["templates"].append(item.uri_template)
    else:
        found["names"].append(str(item.uri) if field == "resources" else item.name)


async def _list_pages(entry: Any, ctx: Any, field: str) -> list[Any]:
    items: list[Any] = []
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        page = await entry.handler(ctx, entry.params_type.model_validate({"cursor": cursor} if cursor else {}))
        items.extend(getattr(page, field))
        cursor = page.next_cursor
        if not cursor:
            break
    return items
