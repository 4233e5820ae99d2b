"""What the garbage collector did."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable

from toolvitals.collectors import NativeCollector
from toolvitals.prometheus.metrics_core import CounterMetricFamily, Metric
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry

__all__ = ["GC_COLLECTOR", "GCCollector"]

# Name, help and key of gc.get_stats().
_FAMILIES = (
    ("python_gc_objects_collected", "Objects collected during gc", "collected"),
    ("python_gc_objects_uncollectable", "Uncollectable objects found during GC", "uncollectable"),
    ("python_gc_collections", "Number of times this generation was collected", "collections"),
)


class GCCollector(NativeCollector):
    """The figures of `gc.get_stats()`, by generation. On another interpreter than CPython it registers nothing.

    Thread-safe. The native endpoint counts collections by itself.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        if sys.implementation.name == "cpython":
            registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Three counters with the label `generation`."""
        stats = gc.get_stats()
        families = []
        for name, documentation, key in _FAMILIES:
            family = CounterMetricFamily(name, documentation, labels=["generation"])
            for generation, figures in enumerate(stats):
                family.add_metric([str(generation)], figures[key])
            families.append(family)
        return families


GC_COLLECTOR = GCCollector()
