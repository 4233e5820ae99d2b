"""Tools and caches among the families of the default registry, for programs that mount it themselves."""

from __future__ import annotations

from collections.abc import Iterator

from toolvitals import _backend
from toolvitals.collectors import NativeCollector
from toolvitals.prometheus._families import metric_of
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry

__all__ = ["TOOL_COLLECTOR", "ToolCollector"]


class ToolCollector(NativeCollector):
    """The families `tool_*` and `cache_*` of `@tool`, `@cached` and the like, as the native endpoint shows them.

    A program without tools sees nothing of it: families without series are left out, and no name is reserved. Where a
    metric of the registry has the name of one, that metric is shown. Thread-safe.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._registry = registry
        registry.register(self)

    def describe(self) -> list[Metric]:
        """Nothing, so that every name is free."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families as they are now."""
        for family in _backend.core.tool_families().values():
            if not self._is_taken(family.name):
                yield metric_of(family)

    def native_may_give(self, names: frozenset[str]) -> bool:
        """Whether one of these samples could be among its."""
        return any("tool_" in name or "cache_" in name for name in names)

    def native_text(self, open_metrics: bool) -> bytes | memoryview | None:
        """What the core writes of all of them, None where some have to be left out."""
        text, names = _backend.core.render_tools(open_metrics)
        return None if any(map(self._is_taken, names)) else text

    def _is_taken(self, name: str) -> bool:
        return name in self._registry._names_to_collectors


TOOL_COLLECTOR = ToolCollector()
