"""The components of the official SDK's high-level servers, which keep them in managers in each version."""

from __future__ import annotations

from typing import Any

from toolvitals.integrations._functions import Underneath
from toolvitals.integrations._names import KINDS, Kind

__all__ = ["METHODS", "underneath"]

# The public methods that handle a request, each with the kind of its first argument.
METHODS = tuple(zip(("call_tool", "read_resource", "get_prompt"), KINDS.values(), strict=True))


def underneath(server: Any, kind: Kind, key: str, name: str) -> Underneath:
    """What stands under the component of that name or URI."""
    try:
        function = getattr(_component(server, kind, key), "fn", None)
    except Exception:
        # Recording must not break the call it records.
        function = None
    return Underneath(names=(name,)) if function is None else Underneath(functions=(function,))


def _component(server: Any, kind: Kind, key: str) -> Any:
    if kind.method == "tools/call":
        return server._tool_manager.get_tool(key)
    if kind.method == "prompts/get":
        return server._prompt_manager.get_prompt(key)
    resources = server._resource_manager
    resource = next((resource for resource in resources.list_resources() if str(resource.uri) == key), None)
    if resource is not None:
        return resource
    return next((template for template in resources.list_templates() if template.matches(key) is not None), None)
