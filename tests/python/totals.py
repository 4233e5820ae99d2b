"""What the process's collector has of a tool and of a cache, in the numbers that most tests ask for."""

from __future__ import annotations

import toolvitals as tv

__all__ = ["calls", "look_ups"]


def calls(name: str) -> int:
    """How many calls of the tool have finished."""
    metrics = tv.get_collector().get_tool_metrics(name)
    assert metrics is not None, name
    total: int = metrics["total_calls"]
    return total


def look_ups(name: str) -> tuple[int, int, int]:
    """Hits, misses and evictions of the cache."""
    metrics = tv.get_collector().get_cache_metrics(name)
    assert metrics is not None, name
    return metrics["hits"], metrics["misses"], metrics["evictions"]
