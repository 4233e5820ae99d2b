"""What can be read where nothing is recorded: the keys of the core's values, with zeros, or None for the unknown."""

from __future__ import annotations

import gc
import os
import platform
from datetime import datetime, timezone
from typing import Any

__all__ = ["cache_metrics", "everything", "system_metrics", "tool_metrics", "version"]

_STATISTICS = ("mean", "stddev", "min", "max", "p50", "p75", "p90", "p95", "p99")
_MEASURED = (
    "cpu_seconds",
    "resident_memory_bytes",
    "virtual_memory_bytes",
    "open_fds",
    "max_fds",
    "threads",
    "start_time_seconds",
)
# Upper bounds of the buckets of durations, in seconds.
_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_DROP_REASONS = (
    "arguments",
    "attribute",
    "error_type",
    "latency_infinite",
    "latency_nan",
    "latency_negative",
    "latency_type",
    "memory",
    "name_empty",
    "name_encoding",
    "name_too_long",
    "name_type",
    "value_not_finite",
)


def version() -> str:
    """The installed package's."""
    from importlib import metadata  # which takes longer to import than the rest of the package, and is rarely needed

    try:
        return metadata.version("toolvitals")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def tool_metrics(name: str) -> dict[str, Any]:
    """A tool without calls."""
    return {
        "tool_name": name,
        "total_calls": 0,
        "successful_calls": 0,
        "failed_calls": 0,
        "cancelled_calls": 0,
        "in_progress": 0,
        "oldest_in_progress_ms": None,
        "success_rate": None,
        "total_latency_ms": 0.0,
        "avg_latency_ms": None,
        "latency_ms": {"count": 0, **dict.fromkeys(_STATISTICS)},
        "error_types": {},
        "duration_buckets": [0] * (len(_BOUNDS) + 1),
    }


def cache_metrics(name: str) -> dict[str, Any]:
    """A cache without look-ups."""
    return {
        "cache_name": name,
        "hits": 0,
        "misses": 0,
        "evictions": 0,
        "size_rejections": 0,
        "total_requests": 0,
        "hit_rate": None,
    }


def system_metrics() -> dict[str, Any]:
    """The process's number and the interpreter; None for what only the extension measures."""
    return {
        "process": {"pid": os.getpid(), **dict.fromkeys(_MEASURED)},
        "processes": [],
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "gc": [dict.fromkeys(("collections", "collected", "uncollectable"), 0) for _ in gc.get_count()],
        },
    }


def everything() -> dict[str, Any]:
    """A process in which nothing was recorded."""
    return {
        "schema_version": 1,
        "timestamp": datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "uptime_seconds": 0.0,
        "window_size": 0,
        "created": 0.0,
        "namespace": "",
        "duration_bounds_seconds": list(_BOUNDS),
        "tools": {},
        "caches": {},
        "metrics": {},
        "system": system_metrics(),
        "toolvitals": {
            "version": version(),
            "series": 0,
            "memory_bytes": 0,
            "dropped_records": dict.fromkeys(_DROP_REASONS, 0),
            "processes": {"live": 0, "retired": 0, "unshared": 0},
            "refused_segments": {},
            "merge_conflicts": {},
            "collectors": {},
            "overflow": {},
            "stale_reads": 0,
            "scrapes": 0,
            "scrape_seconds": 0.0,
            "limits": dict.fromkeys(("max_series", "memory_bytes", "window_size"), 0),
        },
    }
