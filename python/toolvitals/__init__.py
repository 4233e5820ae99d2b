"""Metrics for MCP and tool servers: one decorator, and endpoints that answer while the interpreter is busy.

import toolvitals as tv

tv.start()

@tv.tool
def search(query): ...

The import alone does nothing. The first use of a name that records or serves makes the process one of its service; who
only looks at a service, as the command line does, never becomes a process of it.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from toolvitals._late import getter

if TYPE_CHECKING:
    from toolvitals._public import (
        CacheMetrics,
        PerformanceMetricsCollector,
        ToolMetrics,
        Track,
        get_collector,
        snapshot,
    )
    from toolvitals.caches import CachedFunction, CacheInfo, cached, instrument_cache
    from toolvitals.decorators import tool, track
    from toolvitals.endpoints import Endpoints, start, stop
    from toolvitals.settings import Settings

    __version__: str

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
    "snapshot",
    "start",
    "stop",
    "tool",
    "track",
]

_HOMES = {
    "toolvitals._public": ("CacheMetrics", "PerformanceMetricsCollector", "ToolMetrics", "Track", "get_collector"),
    "toolvitals.caches": ("CacheInfo", "CachedFunction", "cached", "instrument_cache"),
    "toolvitals.decorators": ("tool", "track"),
    "toolvitals.endpoints": ("Endpoints", "start", "stop"),
    "toolvitals.settings": ("Settings",),
}
# Modules that can be had as attributes without an import of their own.
_MODULES = ("_backend", "caches", "decorators", "endpoints", "foreign_caches", "settings", "snapshot", "sources")


def get_include() -> str:
    """The folder of the headers for native code that shares its metrics: `#include "toolvitals/api.h"`."""
    return os.path.join(os.path.dirname(__file__), "include")


def _take_snapshot() -> Any:
    """What `toolvitals.snapshot` does when it is called, for that module knows nothing of who records."""
    from toolvitals import _public

    return _public.snapshot()


def _version() -> str:
    """The extension's where it is loaded, else the installed package's: asking for it loads nothing that records."""
    core = sys.modules.get("toolvitals._core")
    if core is None:
        core = importlib.import_module("toolvitals._noop")
    version: str = core.__version__
    return version


if not TYPE_CHECKING:  # A checker would take every name for one that there is.
    _get = getter(globals(), _HOMES, _MODULES)

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            value = globals()[name] = _version()
            return value
        if name == "_core":
            # Native code gets the core in this way. The backend decides whether it is loaded at all, and a module that
            # is loaded becomes an attribute.
            importlib.import_module("toolvitals._backend")
            if name in globals():
                return globals()[name]
        return _get(name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
