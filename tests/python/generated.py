"""Functions that nobody could write down beforehand, such as those of signatures that a test makes up."""

from __future__ import annotations

from typing import Any

__all__ = ["function_of"]


def function_of(source: str) -> Any:
    """What a `def` makes, in a module that has nothing and has imported nothing from `__future__`."""
    space: dict[str, Any] = {}
    exec(compile(source, "<generated>", "exec", dont_inherit=True), space)
    del space["__builtins__"]
    (function,) = space.values()
    return function
