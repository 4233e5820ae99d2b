"""What kind of function something is, as `inspect` tells of it, which plain functions are not worth an import of.

inspect brings a parser of Python along, and takes as long to import as the extension does.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CO_ASYNC_GENERATOR",
    "CO_COROUTINE",
    "CO_GENERATOR",
    "CO_HAS_DOCSTRING",
    "CO_ITERABLE_COROUTINE",
    "CO_NEWLOCALS",
    "CO_OPTIMIZED",
    "CO_VARARGS",
    "CO_VARKEYWORDS",
    "is_async_generator_function",
    "is_coroutine_function",
    "is_generator_function",
]

# Of code objects; inspect's documentation says what each is. The last is CPython 3.14's.
CO_OPTIMIZED = 0x0001
CO_NEWLOCALS = 0x0002
CO_VARARGS = 0x0004
CO_VARKEYWORDS = 0x0008
CO_GENERATOR = 0x0020
CO_COROUTINE = 0x0080
CO_ITERABLE_COROUTINE = 0x0100
CO_ASYNC_GENERATOR = 0x0200
CO_HAS_DOCSTRING = 0x4000000 if sys.version_info >= (3, 14) else 0


def _asking(flag: int, name: str) -> Callable[[Any], bool]:
    """inspect's function of that name. Of a function without attributes, which may say that it is something else, only
    the flag counts."""

    def ask(candidate: Any) -> bool:
        if type(candidate) is FunctionType and not candidate.__dict__:
            return bool(candidate.__code__.co_flags & flag)
        import inspect

        return bool(getattr(inspect, name)(candidate))

    return ask


is_coroutine_function = _asking(CO_COROUTINE, "iscoroutinefunction")
is_generator_function = _asking(CO_GENERATOR, "isgeneratorfunction")
is_async_generator_function = _asking(CO_ASYNC_GENERATOR, "isasyncgenfunction")
