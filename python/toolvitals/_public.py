"""What the package gives of the core to those who record; `toolvitals` fetches these names when one is used.

Importing this makes the process one of its service: it takes on the settings of the environment, TOOLVITALS_DIR too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolvitals._backend import core

if TYPE_CHECKING:
    from toolvitals.snapshot import Snapshot

__all__ = ["CacheMetrics", "PerformanceMetricsCollector", "ToolMetrics", "Track", "get_collector", "snapshot"]

CacheMetrics = core.CacheMetrics
PerformanceMetricsCollector = core.PerformanceMetricsCollector
ToolMetrics = core.ToolMetrics
Track = core.Track


def get_collector() -> PerformanceMetricsCollector:
    """The one collector of this process.

    Returns the same object on every call, in every thread; in a forked child it counts from zero. Thread-safe.
    """
    return PerformanceMetricsCollector()


def snapshot() -> Snapshot:
    """What this process records, or the service that it is one of, as frozen values: `toolvitals.sources.ThisProcess`.

    Percentiles are selected without the GIL. Thread-safe.
    """
    # Late: most programs are read by others.
    from toolvitals.sources import ThisProcess

    return ThisProcess().read()
