"""Tools that other processes import: decorated once, at import, beside their bare twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import toolvitals as tv


def bare_add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b


@tv.tool
def add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b


class Adder:
    """Tools that are methods, of an object that can be pickled."""

    def __init__(self, base: int = 0) -> None:
        self.base = base

    def bare_add(self, a: int) -> int:
        """Adds to the base."""
        return self.base + a

    @tv.tool("Adder.add")
    def add(self, a: int) -> int:
        """Adds to the base."""
        return self.base + a

    @tv.tool("Adder.static_add")
    @staticmethod
    def static_add(a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    @classmethod
    @tv.tool("Adder.class_add")
    def class_add(cls, a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    @staticmethod
    def bare_static_add(a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    @classmethod
    def bare_class_add(cls, a: int, b: int = 1) -> int:
        """Adds."""
        return a + b


def recorded() -> int:
    """How many calls this process has recorded."""
    tools = tv.get_collector().get_all_metrics()["tools"]
    return sum(metrics["total_calls"] for metrics in tools.values())


def counted(function: Callable[..., Any], *args: Any) -> tuple[Any, int]:
    """What a call gives, and how many calls of tools were recorded by it in this process."""
    before = recorded()
    result = function(*args)
    return result, recorded() - before
