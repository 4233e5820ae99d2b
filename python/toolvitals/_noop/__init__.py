"""The API of `_core` with nothing behind it: for when metrics are off, or the extension cannot be loaded.

Made from the stub of the core by scripts/write_noop.py; what has to behave is in _written.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from toolvitals._noop import _written
from toolvitals._noop._written import (
    CacheKey,
    call_cached,
    locate_directory,
    read_directory,
    record_function,
    render,
    render_directory,
    render_instruments,
    render_tools,
)

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "ASYNC_GENERATOR",
    "COROUTINE",
    "GENERATOR",
    "SYNC",
    "CacheKey",
    "CacheMetrics",
    "CollectorRecord",
    "CountedLru",
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
    "InstrumentedDescriptor",
    "Lru",
    "PerformanceMetricsCollector",
    "RecordedElsewhere",
    "Recorder",
    "RefreshCrew",
    "Server",
    "SummaryBase",
    "ToolMetrics",
    "Track",
    "add_delegate",
    "call_cached",
    "configure",
    "count_dropped",
    "count_lru",
    "found_family",
    "install_gc_counters",
    "instrument_families",
    "leave",
    "locate_directory",
    "publish_page",
    "read_directory",
    "read_snapshot",
    "record_function",
    "recorder_of",
    "refresh_crew",
    "remove_route",
    "render",
    "render_directory",
    "render_instruments",
    "render_tools",
    "set_drop_logger",
    "set_exemplar_provider",
    "set_fold_logger",
    "set_legacy_names",
    "share",
    "shared_directory",
    "snapshot_families",
    "snapshot_tools",
    "stand_still",
    "tell_folds",
    "tool_families",
]

__getattr__ = _written.__getattr__

SYNC = 0

COROUTINE = 1

GENERATOR = 2

ASYNC_GENERATOR = 3


class ToolMetrics(_written.ToolMetrics):
    """Nothing is behind it."""

    def record_call(self, success: bool = True, latency_ms: float = 0.0, error_type: str | None = None) -> None:
        """Does nothing."""

    def record_cancellation(self, latency_ms: float) -> None:
        """Does nothing."""


class CacheMetrics(_written.CacheMetrics):
    """Nothing is behind it."""

    def record_hit(self) -> None:
        """Does nothing."""

    def record_miss(self) -> None:
        """Does nothing."""

    def record_eviction(self) -> None:
        """Does nothing."""

    def record_size_rejection(self) -> None:
        """Does nothing."""


class Lru(_written.Lru):
    """Nothing is behind it."""

    def __new__(
        cls,
        function: Callable[..., Any],
        cache: CacheMetrics,
        maxsize: int | None,
        typed: bool,
        ttl_s: float | None,
        clock: Callable[[], float] | None,
        /,
    ) -> Lru:
        return super().__new__(cls)


class CountedLru:
    """Nothing is behind it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        return None

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any, /) -> Self:
        return self

    def __reduce__(self) -> str:
        return ""

    def cache_info(self) -> Any:
        return None

    def cache_clear(self) -> None:
        """Does nothing."""


def count_lru(function: Callable[..., Any], cache: CacheMetrics, /) -> CountedLru | None:
    return None


class PerformanceMetricsCollector(_written.PerformanceMetricsCollector):
    """Nothing is behind it."""

    def tool(self, tool_name: str, /) -> ToolMetrics:
        return ToolMetrics(tool_name)

    def cache(self, cache_name: str, /) -> CacheMetrics:
        return CacheMetrics(cache_name)

    def record_tool_call(
        self, tool_name: str, success: bool = True, latency_ms: float = 0.0, error_type: str | None = None
    ) -> None:
        """Does nothing."""

    def record_cache_hit(self, cache_name: str) -> None:
        """Does nothing."""

    def record_cache_miss(self, cache_name: str) -> None:
        """Does nothing."""

    def record_cache_eviction(self, cache_name: str) -> None:
        """Does nothing."""

    def record_cache_size_rejection(self, cache_name: str) -> None:
        """Does nothing."""

    def get_tool_metrics(self, tool_name: str, /) -> dict[str, Any] | None:
        return None

    def get_cache_metrics(self, cache_name: str, /) -> dict[str, Any] | None:
        return None

    def reset(self) -> None:
        """Does nothing."""


class Track(_written.Track):
    """Nothing is behind it."""

    def __new__(cls, tool: ToolMetrics) -> Track:
        return super().__new__(cls)

    def __enter__(self) -> Track:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> Literal[False]:
        return False

    def fail(self, error_type: str | None = None, /) -> None:
        """Does nothing."""


class Recorder(_written.Recorder):
    """Nothing is behind it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None


class FunctionRecorder(Recorder):
    """Nothing is behind it."""


class InstrumentedCallable(Recorder):
    """Nothing is behind it."""

    def __set_name__(self, owner: type, name: str, /) -> None:
        """Does nothing."""


class InstrumentedDescriptor(InstrumentedCallable):
    """Nothing is behind it."""

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        return None


def recorder_of(candidate: object, /) -> Recorder | None:
    return None


class RecordedElsewhere:
    """Nothing is behind it."""

    def __new__(cls, tools: Iterable[ToolMetrics], /) -> RecordedElsewhere:
        return super().__new__(cls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> Literal[False]:
        return False


class Instrument(_written.Instrument):
    """Nothing is behind it."""

    def _with_attributes(self, attributes: Mapping[str, Any] | None, /) -> Self:
        return self

    def _remove(self, *labelvalues: object) -> bool:
        return False

    def _remove_matching(self, labels: dict[str, Any], /) -> int:
        return 0

    def _clear(self) -> None:
        """Does nothing."""

    def _reset(self) -> None:
        """Does nothing."""

    def _show(self, registry: int, shown: bool, /) -> None:
        """Does nothing."""

    @property
    def _attributes(self) -> dict[str, Any]:
        return {}

    @property
    def _labelvalues(self) -> tuple[str, ...]:
        return ()

    @property
    def _is_overflow(self) -> bool:
        return False


class CounterBase(_written.CounterBase, Instrument):
    """Nothing is behind it."""

    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:
        """Does nothing."""

    def _keep_exemplar(self, bucket: int, amount: float, labels: dict[str, str], /) -> None:
        """Does nothing."""


class GaugeBase(_written.GaugeBase, Instrument):
    """Nothing is behind it."""

    def inc(self, amount: float = 1) -> None:
        """Does nothing."""

    def dec(self, amount: float = 1) -> None:
        """Does nothing."""

    def set(self, value: float) -> None:
        """Does nothing."""

    def set_to_current_time(self) -> None:
        """Does nothing."""

    def _freeze(self) -> None:
        """Does nothing."""

    def _store(self, value: float, /) -> None:
        """Does nothing."""

    def _allow_only_set(self) -> None:
        """Does nothing."""


class HistogramBase(_written.HistogramBase, Instrument):
    """Nothing is behind it."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Does nothing."""

    def _add(self, bucket: int, count: int, amount: float, /) -> None:
        """Does nothing."""

    def _set_sum(self, amount: float, /) -> None:
        """Does nothing."""

    def _keep_exemplar(self, bucket: int, amount: float, labels: dict[str, str], /) -> None:
        """Does nothing."""

    def _read_natives(self) -> list[Any]:
        return []


class SummaryBase(_written.SummaryBase, Instrument):
    """Nothing is behind it."""

    def observe(self, amount: float) -> None:
        """Does nothing."""

    def _add(self, count: int, amount: float, /) -> None:
        """Does nothing."""

    def _set_sum(self, amount: float, /) -> None:
        """Does nothing."""


class InfoBase(_written.InfoBase, Instrument):
    """Nothing is behind it."""

    def _set_facts(self, facts: dict[str, str], /) -> None:
        """Does nothing."""


class EnumBase(_written.EnumBase, Instrument):
    """Nothing is behind it."""

    def state(self, state: str, /) -> None:
        """Does nothing."""


def configure(
    *,
    window_size: int,
    quantile_method: str,
    max_series: int,
    memory_limit_mb: int,
    namespace: str,
    window_label: str = "q",
    strict: bool,
) -> None:
    """Does nothing."""


def read_snapshot() -> tuple[Any, ...]:
    return ()


def snapshot_tools(capsule: object) -> dict[str, Any]:
    return {}


def snapshot_families(capsule: object) -> dict[str, Any]:
    return {}


def stand_still(proc_root: str | None) -> None:
    """Does nothing."""


def instrument_families() -> dict[str, Any]:
    return {}


def tool_families() -> dict[str, Any]:
    return {}


def share(path: str) -> None:
    """Does nothing."""


def shared_directory() -> str | None:
    return None


def leave() -> None:
    """Does nothing."""


def found_family() -> None:
    """Does nothing."""


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


class FamilyStore:
    """Nothing is behind it."""

    def __new__(cls) -> FamilyStore:
        return super().__new__(cls)

    def store(self, metrics: Iterable[Any]) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""


class CollectorRecord:
    """Nothing is behind it."""

    def __new__(cls, name: str) -> CollectorRecord:
        return super().__new__(cls)

    def succeed(self) -> None:
        """Does nothing."""

    def fail(self) -> None:
        """Does nothing."""


class RefreshCrew:
    """Nothing is behind it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Does nothing."""

    def open(self, work: Callable[[bool], object]) -> bool:
        return False

    def close(self, patience: float) -> None:
        """Does nothing."""

    def has_turn(self) -> bool:
        return False

    def begin_job(self, record: CollectorRecord) -> None:
        """Does nothing."""

    def end_job(self) -> None:
        """Does nothing."""

    def set_interval(self, seconds: float) -> None:
        """Does nothing."""

    def set_deadline(self, seconds: float) -> None:
        """Does nothing."""


refresh_crew = RefreshCrew()


class Server:
    """Nothing is behind it."""

    def __new__(
        cls,
        *,
        host: str,
        json_port: int | None,
        prometheus_port: int | None,
        auth_token: str,
        share_ports: str = "",
        port_attempts: int = 1,
    ) -> Server:
        return super().__new__(cls)

    @property
    def json_port(self) -> int | None:
        return None

    @property
    def prometheus_port(self) -> int | None:
        return None

    @property
    def running(self) -> bool:
        return False

    def stop(self) -> None:
        """Does nothing."""


def publish_page(
    path: str,
    body: bytes,
    *,
    content_type: str,
    cache_control: str = "no-cache",
    headers: Sequence[tuple[str, str]] = (),
    prefix: bool = False,
    needs_auth: bool = True,
    port: str = "",
) -> None:
    """Does nothing."""


def add_delegate(
    path: str,
    handler: Callable[[str, str], tuple[int, str, bytes]],
    *,
    deadline_s: float,
    prefix: bool = False,
    needs_auth: bool = True,
    port: str = "",
) -> None:
    """Does nothing."""


def remove_route(path: str) -> bool:
    return False


class Ingest:
    """Nothing is behind it."""

    def __init__(self, *, socket: str | None, datagram_socket: str | None, mode: int, labels: Sequence[str]) -> None:
        """Does nothing."""

    @property
    def socket(self) -> str | None:
        return None

    @property
    def datagram_socket(self) -> str | None:
        return None

    @property
    def running(self) -> bool:
        return False

    def stop(self) -> None:
        """Does nothing."""
