"""The official SDK before version 2: `FastMCP` and the low-level `Server`, whose handlers are looked up per request."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Awaitable, Callable
from typing import Any, get_args

from toolvitals.integrations import _managed
from toolvitals.integrations._calls import note, observe
from toolvitals.integrations._functions import Underneath
from toolvitals.integrations._names import KINDS, Kind, Listing, Names

__all__ = ["install"]

Handler = Callable[[Any], Awaitable[Any]]

_REQUESTS = {
    "CallToolRequest": "tools/call",
    "ReadResourceRequest": "resources/read",
    "GetPromptRequest": "prompts/get",
}
_LISTS = {
    "tools/call": (("ListToolsRequest", "tools"),),
    "resources/read": (("ListResourcesRequest", "resources"), ("ListResourceTemplatesRequest", "resourceTemplates")),
    "prompts/get": (("ListPromptsRequest", "prompts"),),
}


def install(server: Any) -> None:
    """Puts recording handlers before those of the server, unless they are there already."""
    low_level = getattr(server, "_mcp_server", server)
    if isinstance(low_level.request_handlers, _Handlers):
        return
    high_level = None if server is low_level else server
    handlers = low_level.request_handlers = _Handlers(low_level.request_handlers, high_level)
    if high_level is not None:
        for method_name, kind in _managed.METHODS:
            setattr(server, method_name, handlers.recording_method(kind, getattr(server, method_name)))
    if getattr(low_level, "_experimental_handlers", None) is not None:
        low_level._experimental_handlers._request_handlers = low_level.request_handlers
    if hasattr(low_level, "_make_error_result"):
        low_level._make_error_result = _noting(low_level._make_error_result)


def _noting(make_error_result: Callable[[str], Any]) -> Callable[[str], Any]:
    """The SDK makes an error result while it handles the exception, which is the only place where both are known."""

    @functools.wraps(make_error_result)
    def noted(error_message: str) -> Any:
        error = sys.exc_info()[1]
        if error is not None:
            note(error)
        return make_error_result(error_message)

    return noted


class _Handlers(dict[type, Handler]):
    """The server's table of handlers; those that are recorded come out of it wrapped, whenever they were put in."""

    def __init__(self, handlers: dict[type, Handler], high_level: Any) -> None:
        super().__init__(handlers)
        self._high_level = high_level
        self._names = Names()

    def __getitem__(self, request_type: type) -> Handler:
        return self._recording(request_type, super().__getitem__(request_type))

    def get(self, request_type: type, default: Any = None) -> Any:
        handler = super().get(request_type)
        return default if handler is None else self._recording(request_type, handler)

    def _recording(self, request_type: type, handler: Handler) -> Handler:
        method = _REQUESTS.get(request_type.__name__)
        return handler if method is None else functools.partial(self._handle, KINDS[method], handler)

    def recording_method(self, kind: Kind, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The server's public method for direct calls. The handlers have kept the bare one."""

        @functools.wraps(method)
        async def recorded(*args: Any, **kwargs: Any) -> Any:
            key = str(args[0] if args else kwargs.get(kind.key))
            return await self._observe(kind, key, method, lambda: method(*args, **kwargs))

        return recorded

    async def _handle(self, kind: Kind, handler: Handler, request: Any) -> Any:
        key = str(getattr(request.params, kind.key))
        return await self._observe(kind, key, handler, lambda: handler(request))

    async def _observe(self, kind: Kind, key: str, handler: Any, run: Callable[[], Awaitable[Any]]) -> Any:
        name = await self._names.name_of(kind, key, self._list)
        if self._high_level is None:
            # What a low-level handler calls in its turn can only be known by name.
            below = Underneath(functions=(handler,), names=(key,))
        else:
            below = _managed.underneath(self._high_level, kind, key, name)
        return await observe(name, run, place=self, underneath=below)

    async def _list(self, kind: Kind) -> Listing | None:
        types = importlib.import_module("mcp.types")
        found: dict[str, list[str]] = {"names": [], "templates": []}
        answered = False
        for request_name, field in _LISTS[kind.method]:
            request_type = getattr(types, request_name)
            handler = super().get(request_type)
            if handler is None:
                continue
            answered = True
            # The one value that the field can have; early versions do not make it the default.
            (name,) = get_args(request_type.model_fields["method"].annotation)
            result = await handler(request_type(method=name))
            for item in getattr(result.root, field):
                if field == "resourceTemplates":
                    found["templates"].append(item.uriTemplate)
                else:
                    found["names"].append(str(item.uri) if field == "resources" else item.name)
        return Listing(**found) if answered else None
