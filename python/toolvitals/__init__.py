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

from toolvitals.settings import Settings

if TYPE_CHECKING:
    from toolvitals._public import (
        CachedFunction,
        CacheInfo,
        CacheMetrics,
        Endpoints,
        PerformanceMetricsCollector,
        ToolMetrics,
        Track,
        cached,
        get_collector,
        instrument_cache,
        snapshot,
        start,
        stop,
        tool,
        track,
    )

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

# Modules that can be had as attributes without an import of their own. Native code gets the core in this way.
_MODULES = frozenset(
    {"_backend", "_core", "caches", "decorators", "endpoints", "foreign_caches", "snapshot", "sources"}
)


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


def _find(name: str) -> Any:
    """The value of an attribute that is not there yet; AttributeError where there is none of that name."""
    if name == "__version__":
        return _version()
    if name in _MODULES:
        # The backend decides whether the extension is to be loaded at all.
        importlib.import_module("toolvitals._backend" if name == "_core" else f"toolvitals.{name}")
        module = sys.modules.get(f"toolvitals.{name}")
        if module is not None:
            return module
    elif name in __all__:
        from toolvitals import _public

        return getattr(_public, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if not TYPE_CHECKING:  # A checker would take every name for one that there is.

    def __getattr__(name: str) -> Any:
        value = globals()[name] = _find(name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
