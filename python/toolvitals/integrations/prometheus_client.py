"""Metrics of libraries that record with prometheus_client, shown beside those of toolvitals.

from toolvitals.integrations.prometheus_client import include_registry

include_registry()
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import prometheus_client

from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry

__all__ = ["IncludedRegistry", "include_registry"]


class IncludedRegistry:
    """A registry of prometheus_client as a collector. What is shown already, such as `process_*`, it leaves out.

    Thread-safe.
    """

    def __init__(self, theirs: Any, ours: CollectorRegistry) -> None:
        self._theirs = theirs
        self._ours = ours

    def collect(self) -> Iterator[Any]:
        """Their families, of prometheus_client's own class."""
        for metric in self._theirs.collect():
            if self._ours._names_to_collectors.get(metric.name, self) is self:
                yield metric

    def describe(self) -> list[Any]:
        """Nothing: which families there are may change at any time."""
        return []


def include_registry(
    registry: Any = prometheus_client.REGISTRY, into: CollectorRegistry = REGISTRY
) -> IncludedRegistry:
    """Shows the metrics of a `prometheus_client.CollectorRegistry` in the scrapes of `into`.

    In the default registry they are at the native endpoints too, as old as METRICS_REFRESH_INTERVAL_S says. Calling it
    again for the same registries returns the collector of the first call; `into.unregister(collector)` ends it. Where
    both have a family of one name, that of `into` is shown. TypeError for an object that does not collect. Thread-safe.
    """
    if not callable(getattr(registry, "collect", None)):
        raise TypeError(f"registry must be a prometheus_client.CollectorRegistry, not {registry!r}")
    for collector in into._collectors()[1]:
        if isinstance(collector, IncludedRegistry) and collector._theirs is registry:
            return collector
    included = IncludedRegistry(registry, into)
    into.register(included)
    return included
