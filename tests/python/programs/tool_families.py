"""Which families of tools and caches the exposition of the default registry has."""

from __future__ import annotations

import toolvitals as tv
from toolvitals.prometheus import generate_latest


def none_are_recorded() -> list[bool]:
    text = generate_latest().decode()
    return ["tool_" in text, "cache_" in text]


def one_is_recorded() -> bool:
    tv.get_collector().record_tool_call("t", success=True, latency_ms=1.0)
    return "tool_" in generate_latest().decode()
