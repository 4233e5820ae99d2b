"""Tools and caches among the families of the default registry, for programs that mount it themselves."""

from __future__ import annotations

from collections.abc import Iterator

from toolvitals import _backend
from toolvitals.collectors import NativeCollector
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.openmetrics.parser import text_string_to_metric_families
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
        for family in text_string_to_metric_families(self._text(open_metrics=True) + "# EOF\n"):
            if not self._is_taken(family.name):
                yield family

    def native_may_give(self, names: frozenset[str]) -> bool:
        """Whether one of these samples could be among its."""
        return any("tool_" in name or "cache_" in name for name in names)

    def native_text(self, open_metrics: bool) -> bytes | None:
        """What the core writes of all of them, None where some have to be left out."""
        text = self._text(open_metrics)
        lines = (line for line in text.splitlines() if line.startswith("# TYPE "))
        return None if any(self._is_taken(line.split()[2].removesuffix("_total")) for line in lines) else text.encode()

    def _text(self, open_metrics: bool) -> str:
        return _backend.core.render_tools(open_metrics).decode()

    def _is_taken(self, name: str) -> bool:
        return name in self._registry._names_to_collectors


TOOL_COLLECTOR = ToolCollector()
