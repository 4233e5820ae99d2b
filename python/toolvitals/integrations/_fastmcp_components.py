"""The components of the `fastmcp` package's servers: found by name or URI, and followed to their functions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from toolvitals.integrations._functions import Underneath
from toolvitals.integrations._names import Kind

__all__ = ["find", "underneath"]

# Where components say what they are called on the server that they hand the call to.
_NAMES_FURTHER_IN = ("name", "_backend_name", "uri", "_backend_uri", "uri_template", "_backend_uri_template")


async def find(server: Any, kind: Kind, key: str) -> Any:
    """The component, or None. One that cannot be found, for whatever reason, is unknown; the call itself says why."""
    if kind.method == "tools/call":
        return await _get(server.get_tool, key)
    if kind.method == "prompts/get":
        return await _get(server.get_prompt, key)
    resource = await _get(server.get_resource, key)
    return resource if resource is not None else await _template(server, key)


async def underneath(component: Any, kind: Kind, key: str, name: str) -> Underneath:
    """What stands under the component, also through servers that it is mounted from."""
    functions: list[Any] = []
    names = {name: None}
    try:
        async for layer in _layers(component, kind, key):
            if getattr(layer, "fn", None) is not None:
                functions.append(layer.fn)
            further_in = (getattr(layer, attribute, None) for attribute in _NAMES_FURTHER_IN)
            names.update({kind.prefix + str(value): None for value in further_in if value})
    except Exception:
        # Recording must not break the call it records.
        functions.clear()
    return Underneath(functions=tuple(functions)) if functions else Underneath(names=tuple(names))


async def _layers(component: Any, kind: Kind, key: str) -> AsyncIterator[Any]:
    """The component and those that it hands the call to, as far as they are in this process."""
    while component is not None:
        yield component
        if getattr(component, "_server", None) is not None:
            component, key = await _mounted(component, kind, key)
        else:
            component = getattr(component, "parent_tool", None)


async def _mounted(component: Any, kind: Kind, key: str) -> tuple[Any, str]:
    """The component of the mounted server that this one stands for, and its key there."""
    if kind.key == "name":
        key = component._original_name
    else:
        if hasattr(component, "uri_template"):
            component = await component.create_resource(key, component.matches(key))
        key = component._original_uri
    return await find(component._server, kind, key), key


async def _template(server: Any, uri: str) -> Any:
    """The template that matches the URI. Before version 3 only a template's own text found it."""
    list_templates = getattr(server, "get_resource_templates", None)
    if list_templates is None:
        return await _get(server.get_resource_template, uri)
    templates = await _get(lambda _: list_templates(), uri) or {}
    # Of a mounted server's templates only the keys have the prefix that they have here.
    here = (template.model_copy(update={"uri_template": text}) for text, template in templates.items())
    return next((template for template in here if template.matches(uri) is not None), None)


async def _get(find: Callable[[str], Awaitable[Any]], key: str) -> Any:
    try:
        return await find(key)
    except Exception:
        return None
