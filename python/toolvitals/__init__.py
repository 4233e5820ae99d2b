"""Metrics for MCP and tool servers: one decorator, and endpoints that answer while the interpreter is busy.

import toolvitals as tv

tv.start()

@tv.tool
def search(query): ...
"""

from __future__ import annotations

import os

from toolvitals._backend import core
from toolvitals.caches import CachedFunction, CacheInfo, cached
from toolvitals.decorators import tool, track
from toolvitals.endpoints import Endpoints, start, stop
from toolvitals.foreign_caches import instrument_cache
from toolvitals.settings import Settings

__all__ = [
    "CacheInfo",
    "CacheMetrics",
    "CachedFunction",
    "Endpoints",
    "PerformanceMetricsCollector",
    "Settings",
    "ToolMetrics",
    "Track",
    "__version__",
    "cached",
    "get_collector",
    "get_include",
    "instrument_cache",
    "start",
    "stop",
    "tool",
    "track",
]

__version__: str = core.__version__

CacheMetrics = core.CacheMetrics
PerformanceMetricsCollector = core.PerformanceMetricsCollector
ToolMetrics = core.ToolMetrics
Track = core.Track


def get_collector() -> PerformanceMetricsCollector:
    """The one collector of this process.

    Returns the same object on every call, in every thread; in a forked child it counts from zero. Thread-safe.
    """
    return PerformanceMetricsCollector()


def get_include() -> str:
    """The folder of the headers for native code that shares its metrics: `#include "toolvitals/api.h"`."""
    return os.path.join(os.path.dirname(__file__), "include")
