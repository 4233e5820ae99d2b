"""What the package gives to those who record, in one place: `toolvitals` fetches its names from here when one is used.

Importing this makes the process one of its service: it takes on the settings of the environment, TOOLVITALS_DIR too.
"""

from __future__ import annotations

from toolvitals._backend import core
from toolvitals.caches import CachedFunction, CacheInfo, cached, instrument_cache
from toolvitals.decorators import tool, track
from toolvitals.endpoints import Endpoints, start, stop
from toolvitals.snapshot import Snapshot
from toolvitals.sources import ThisProcess

__all__ = [
    "CacheInfo",
    "CacheMetrics",
    "CachedFunction",
    "Endpoints",
    "PerformanceMetricsCollector",
    "ToolMetrics",
    "Track",
    "cached",
    "get_collector",
    "instrument_cache",
    "snapshot",
    "start",
    "stop",
    "tool",
    "track",
]

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
    return ThisProcess().read()
