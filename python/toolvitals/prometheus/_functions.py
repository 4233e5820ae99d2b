"""Gauges whose values functions give, by family."""

from __future__ import annotations

import weakref
from typing import Any

__all__ = ["add", "gauges_of"]

# By the number of the family, and there by identity. They live as long as the family's table of children does.
_gauges: dict[int, weakref.WeakValueDictionary[int, Any]] = {}


def add(gauge: Any) -> None:
    """A function gives this one's value from here on. Thread-safe."""
    _gauges.setdefault(gauge._family_key, weakref.WeakValueDictionary())[id(gauge)] = gauge


def gauges_of(family: int) -> list[Any]:
    """Those of a family that there are now. Thread-safe."""
    known = _gauges.get(family)
    if known is None:
        return []
    # The references are copied at once, where iterating would be disturbed by other threads.
    return [gauge for reference in known.valuerefs() if (gauge := reference()) is not None]
