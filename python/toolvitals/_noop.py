"""The API of `_core` with nothing behind it: for when metrics are off, or the extension cannot be loaded."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from types import FunctionType, TracebackType
from typing import Any, Literal

from toolvitals._noop_instruments import (
    CounterBase,
    EnumBase,
    GaugeBase,
    HistogramBase,
    InfoBase,
    Instrument,
    SummaryBase,
)
from toolvitals._noop_refresh import CollectorRecord, FamilyStore, RefreshCrew, refresh_crew

__all__ = [
    "ASYNC_GENERATOR",
    "COROUTINE",
    "GENERATOR",
    "SYNC",
    "CacheMetrics",
    "CollectorRecord",
    "CounterBase",
    "EnumBase",
    "FamilyStore",
    "FunctionRecorder",
    "GaugeBase",
    "HistogramBase",
    "InfoBase",
    "Ingest",
    "Instrument",
    "InstrumentedCallable",
    "PerformanceMetricsCollector",
    "RecordedElsewhere",
    "Recorder",
    "RefreshCrew",
    "Server",
    "SummaryBase",
    "ToolMetrics",
    "Track",
    "configure",
    "count_dropped",
    "found_family",
    "install_gc_counters",
    "leave",
    "locate_directory",
    "read_directory",
    "record_function",
    "recorder_of",
    "refresh_crew",
    "render",
    "render_families",
    "render_instruments",
    "render_tools",
    "set_drop_logger",
    "set_exemplar_provider",
    "set_fold_logger",
    "set_legacy_names",
    "share",
    "shared_directory",
    "tell_folds",
]

SYNC, COROUTINE, GENERATOR, ASYNC_GENERATOR = range(4)


def _version() -> str:
    from importlib import metadata  # which takes longer to import than the rest of the package, and is rarely needed

    try:
        return metadata.version("toolvitals")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def __getattr__(name: str) -> str:
    if name == "__version__":
        return _version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class ToolMetrics:
    """A tool's handle that records nothing."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def record_call(self, success: Any = True, latency_ms: Any = 0.0, error_type: Any = None) -> None:
        """Does nothing."""

    def record_cancellation(self, latency_ms: Any = 0.0) -> None:
        """Does nothing."""

    def metrics(self) -> dict[str, Any]:
        """The shape of a tool without calls."""
        return {
            "tool_name": self.name,
            "total_calls": 0,
            "successful_calls": 0,
            "failed_calls": 0,
            "cancelled_calls": 0,
            "in_progress": 0,
            "oldest_in_progress_ms": None,
            "success_rate": None,
            "total_latency_ms": 0.0,
            "avg_latency_ms": None,
            "latency_ms": {
                "count": 0,
                **dict.fromkeys(("mean", "stddev", "min", "max", "p50", "p75", "p90", "p95", "p99")),
            },
            "error_types": {},
        }


class CacheMetrics:
    """A cache's handle that records nothing."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def record_hit(self) -> None:
        """Does nothing."""

    def record_miss(self) -> None:
        """Does nothing."""

    def record_eviction(self) -> None:
        """Does nothing."""

    def record_size_rejection(self) -> None:
        """Does nothing."""

    def metrics(self) -> dict[str, Any]:
        """The shape of a cache without look-ups."""
        return {
            "cache_name": self.name,
            "hits": 0,
            "misses": 0,
            "evictions": 0,
            "size_rejections": 0,
            "total_requests": 0,
            "hit_rate": None,
        }


class PerformanceMetricsCollector:
    """The collector that records nothing; a singleton, as the real one is."""

    __slots__ = ()
    _instance: PerformanceMetricsCollector | None = None

    def __new__(cls) -> PerformanceMetricsCollector:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def tool(self, tool_name: str) -> ToolMetrics:
        """A handle that records nothing."""
        return ToolMetrics(tool_name)

    def cache(self, cache_name: str) -> CacheMetrics:
        """A handle that records nothing."""
        return CacheMetrics(cache_name)

    def record_tool_call(
        self, tool_name: Any, success: Any = True, latency_ms: Any = 0.0, error_type: Any = None
    ) -> None:
        """Does nothing."""

    def record_cache_hit(self, cache_name: Any) -> None:
        """Does nothing."""

    def record_cache_miss(self, cache_name: Any) -> None:
        """Does nothing."""

    def record_cache_eviction(self, cache_name: Any) -> None:
        """Does nothing."""

    def record_cache_size_rejection(self, cache_name: Any) -> None:
        """Does nothing."""

    def get_tool_metrics(self, tool_name: Any) -> dict[str, Any] | None:
        """None: nothing was recorded."""
        return None

    def get_cache_metrics(self, cache_name: Any) -> dict[str, Any] | None:
        """None: nothing was recorded."""
        return None

    def get_system_metrics(self) -> dict[str, Any]:
        """The process's number and the interpreter; None for what only the extension measures."""
        unknown = (
            "cpu_seconds",
            "resident_memory_bytes",
            "virtual_memory_bytes",
            "open_fds",
            "threads",
            "start_time_seconds",
        )
        return {
            "process": {"pid": os.getpid(), **dict.fromkeys(unknown)},
            "processes": [],
            "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        }

    def get_all_metrics(self) -> dict[str, Any]:
        """The shape of a process in which nothing was recorded."""
        return {
            "schema_version": 1,
            "timestamp": datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "uptime_seconds": 0.0,
            "window_size": 0,
            "tools": {},
            "caches": {},
            "metrics": {},
            "system": self.get_system_metrics(),
            "toolvitals": {
                "version": _version(),
                "series": 0,
                "memory_bytes": 0,
                "dropped_records": {},
                "overflow": {},
            },
        }

    def reset(self) -> None:
        """Does nothing."""

    def __reduce__(self) -> tuple[type[PerformanceMetricsCollector], tuple[()]]:
        return PerformanceMetricsCollector, ()


class Track:
    """The context manager that records nothing, for `with` and `async with`."""

    __slots__ = ()

    def __init__(self, tool: ToolMetrics) -> None:
        pass

    def __enter__(self) -> Track:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> Literal[False]:
        return False

    async def __aenter__(self) -> Track:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> Literal[False]:
        return False

    def fail(self, error_type: str | None = None) -> None:
        """Does nothing."""


class Recorder:
    """Never made here: a decorator that records nothing returns the function itself."""

    def __new__(cls, wrapped: Callable[..., Any], tool: ToolMetrics, kind: int) -> Any:
        return wrapped


class FunctionRecorder(Recorder):
    """Never made here."""


class InstrumentedCallable(Recorder):
    """Never made here."""


def record_function(function: FunctionType, /) -> FunctionType:
    """The function as it is."""
    return function


def recorder_of(candidate: object, /) -> Recorder | None:
    """None: nothing is recorded."""
    return None


class RecordedElsewhere:
    """A context manager that changes nothing."""

    def __init__(self, tools: Iterable[ToolMetrics], /) -> None:
        pass

    def __enter__(self) -> RecordedElsewhere:
        return self

    def __exit__(self, *exc_info: object) -> Literal[False]:
        return False


class Server:
    """Endpoints that do not listen."""

    json_port: int | None = None
    prometheus_port: int | None = None
    running = False

    def __init__(self, *, host: str, json_port: int | None, prometheus_port: int | None, auth_token: str) -> None:
        pass

    def stop(self) -> None:
        """Does nothing."""


class Ingest:
    """Sockets that nobody listens on."""

    socket: str | None = None
    datagram_socket: str | None = None
    running = False

    def __init__(self, *, socket: str | None, datagram_socket: str | None, mode: int, labels: Sequence[str]) -> None:
        pass

    def stop(self) -> None:
        """Does nothing."""


def configure(**settings: Any) -> None:
    """Does nothing."""


def render(format: str) -> bytes:  # noqa: A002 (the core's name)
    """The exposition of nothing."""
    return b"{}" if format == "json" else b""


def share(path: str) -> None:
    """Does nothing."""


def shared_directory() -> str | None:
    """None."""
    return None


def leave() -> None:
    """Does nothing."""


def locate_directory(path: str) -> str:
    """The path itself: nothing shares a directory here."""
    return path


def found_family() -> None:
    """Does nothing."""


def read_directory(path: str) -> dict[str, Any]:
    """Raises RuntimeError: only the core reads segments."""
    raise RuntimeError(f"toolvitals records nothing here, and cannot read {path!r}")


def render_families() -> bytes:
    """Nothing."""
    return b""


def render_tools(open_metrics: bool) -> bytes:
    """Nothing."""
    return b""


def render_instruments(
    instruments: Sequence[Instrument], open_metrics: bool, created: bool, natives: bool = False
) -> list[bytes | None]:
    """Leaves every instrument to Python."""
    return [None] * len(instruments)


def set_exemplar_provider(provider: Callable[[], dict[str, str] | None] | None) -> None:
    """Does nothing."""


def set_drop_logger(logger: Callable[[str], None] | None) -> None:
    """Does nothing."""


def set_fold_logger(logger: Callable[[str, str, int], None] | None) -> None:
    """Does nothing."""


def tell_folds() -> None:
    """Does nothing."""


def set_legacy_names(legacy: bool) -> None:
    """Does nothing."""


def count_dropped(reason: str) -> None:
    """Does nothing."""


def install_gc_counters() -> None:
    """Does nothing."""
