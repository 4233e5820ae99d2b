"""Lets pydantic, and so fastmcp, take a decorated tool where it takes a function."""

from __future__ import annotations

from typing import Any

__all__ = ["core_schema"]


def core_schema(source: Any, handler: Any) -> Any:
    """The `__get_pydantic_core_schema__` of a decorated tool.

    The schema is the one of the bare function, but a validated call goes through the decorator: pydantic only builds
    schemas for the function types of the language itself, and those call what they were built from.
    """
    return _calling(handler.generate_schema(source.__wrapped__), source)


def _calling(schema: Any, function: Any) -> Any:
    if schema.get("type") == "call":
        return {**schema, "function": function}
    if isinstance(schema.get("schema"), dict):
        return {**schema, "schema": _calling(schema["schema"], function)}
    return schema
