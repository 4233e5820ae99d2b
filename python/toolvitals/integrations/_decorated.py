"""Keeps a tool from being counted twice: by its server, and by the decorator around its function."""

from __future__ import annotations

from types import MethodType
from typing import Any

__all__ = ["undecorate"]


def undecorate(component: Any, name: str) -> None:
    """Lets a server's tool call the bare function where `@toolvitals.tool` records it under the same name.

    The server's record sees more of a call than the decorator's: arguments that do not validate, and isError results.
    """
    function = getattr(component, "fn", None)
    if function is None:
        return
    bare = _bare(function, name)
    if bare is not function:
        component.fn = bare


def _bare(function: Any, name: str) -> Any:
    if isinstance(function, MethodType):
        inner = _bare(function.__func__, name)
        return function if inner is function.__func__ else MethodType(inner, function.__self__)
    if _recorded_name(function) == name:
        return function.__wrapped__
    return function


def _recorded_name(function: Any) -> str | None:
    """The name that `@toolvitals.tool` records a function under, None where it is not decorated."""
    return getattr(getattr(function, "__vitals__", None), "name", None)
