"""The C++ core. Everything public is re-exported, with prose, by `toolvitals`."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import FunctionType, TracebackType
from typing import Any, Final, Literal, final

from typing_extensions import Self, disjoint_base

__version__: Final[str]

SYNC: Final = 0
COROUTINE: Final = 1
GENERATOR: Final = 2
ASYNC_GENERATOR: Final = 3

@final
class ToolMetrics:
    @property
    def name(self) -> str: ...
    def record_call(self, success: bool = True, latency_ms: float = ..., error_type: str | None = None) -> None: ...
    def record_cancellation(self, latency_ms: float) -> None: ...
    def metrics(self) -> dict[str, Any]: ...

@final
class CacheMetrics:
    @property
    def name(self) -> str: ...
    def record_hit(self) -> None: ...
    def record_miss(self) -> None: ...
    def record_eviction(self) -> None: ...
    def record_size_rejection(self) -> None: ...
    def metrics(self) -> dict[str, Any]: ...

@final
class CacheKey:
    """The arguments of a call to a cached function, with their hash."""

@final
class Lru:
    """The results of a function by the arguments of its calls; calling it looks them up, or calls the function."""
    def __new__(
        cls,
        function: Callable[..., Any],
        cache: CacheMetrics,
        maxsize: int | None,
        typed: bool,
        ttl_s: float | None,
        clock: Callable[[], float] | None,
        /,
    ) -> Lru: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    @property
    def keeps(self) -> bool: ...
    def look_up(self, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Any: ...
    def find(self, key: CacheKey, /) -> Any: ...
    def keep(self, key: CacheKey, value: Any, /) -> None: ...
    def hit(self) -> None: ...
    def miss(self) -> None: ...
    def counts(self) -> tuple[int, int, int]: ...
    def clear(self) -> None: ...

def call_cached(function: FunctionType, /) -> FunctionType:
    """Has calls of the function go to the Lru in its closure, past its body. Returns the function."""

@final
class CountedLru:
    """Calls a function that `functools.lru_cache` made, and records what that counts."""
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: Any, /) -> Self: ...
    def __reduce__(self) -> str: ...
    def cache_info(self) -> Any: ...
    def cache_clear(self) -> None: ...

def count_lru(function: Callable[..., Any], cache: CacheMetrics, /) -> CountedLru | None: ...

@final
class PerformanceMetricsCollector:
    def __new__(cls) -> PerformanceMetricsCollector: ...
    def tool(self, tool_name: str, /) -> ToolMetrics: ...
    def cache(self, cache_name: str, /) -> CacheMetrics: ...
    def record_tool_call(
        self, tool_name: str, success: bool = True, latency_ms: float = ..., error_type: str | None = None
    ) -> None: ...
    def record_cache_hit(self, cache_name: str) -> None: ...
    def record_cache_miss(self, cache_name: str) -> None: ...
    def record_cache_eviction(self, cache_name: str) -> None: ...
    def record_cache_size_rejection(self, cache_name: str) -> None: ...
    def get_tool_metrics(self, tool_name: str, /) -> dict[str, Any] | None: ...
    def get_cache_metrics(self, cache_name: str, /) -> dict[str, Any] | None: ...
    def get_system_metrics(self) -> dict[str, Any]: ...
    def get_all_metrics(self) -> dict[str, Any]: ...
    def reset(self) -> None: ...

@final
class Track:
    """Context manager, sync and async, around one call of a tool."""
    def __new__(cls, tool: ToolMetrics) -> Track: ...
    def __enter__(self) -> Track: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> Literal[False]: ...
    def __aenter__(self) -> Awaitable[Track]: ...
    def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> Awaitable[Literal[False]]: ...
    def fail(self, error_type: str | None = None, /) -> None:
        """Records the call as failed with that type when it ends without an exception."""

@disjoint_base
class Recorder:
    """Calls what it wraps and records the call; it stands behind what @tool returns."""
    def __new__(cls, wrapped: Callable[..., Any], tool: ToolMetrics, kind: int) -> Self: ...
    @property
    def __wrapped__(self) -> Callable[..., Any]: ...
    @property
    def __vitals__(self) -> ToolMetrics:
        """The handle that the calls are recorded with."""
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

@final
class FunctionRecorder(Recorder):
    """The recorder in the closure of a function."""

@disjoint_base
class InstrumentedCallable(Recorder):
    """A callable object with a recorder around it."""
    def __set_name__(self, owner: type, name: str, /) -> None: ...

class InstrumentedDescriptor(InstrumentedCallable):
    """An InstrumentedCallable around an object that is bound when it is looked up in a class."""
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any: ...

def record_function(function: FunctionType, /) -> FunctionType:
    """Has calls of the function go to the FunctionRecorder in its closure, past its body. Returns the function."""

def recorder_of(candidate: object, /) -> Recorder | None:
    """The recorder behind what @tool returned, None for any other object."""

@final
class RecordedElsewhere:
    """A context manager: calls of these tools inside it are recorded by whoever entered it, and not again."""
    def __new__(cls, tools: Iterable[ToolMetrics], /) -> RecordedElsewhere: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc_info: object) -> Literal[False]: ...

@disjoint_base
class Instrument:
    """What the instruments have in common; toolvitals.prometheus has the classes that programs use."""
    def _define(
        self,
        name: str,
        documentation: str,
        unit: str,
        labelnames: Iterable[str],
        /,
        *,
        bounds: Iterable[float] = (),
        states: Iterable[str] = (),
        quantiles: Iterable[float] = (),
        window_size: int = 0,
        ttl_s: float = 0,
        max_series: int = 0,
        native: bool = False,
        native_schema: int = 3,
        native_max_buckets: int = 160,
        native_zero_threshold: float = 2.938735877055719e-39,
        gauge_mode: str = "all",
        open: bool = False,
    ) -> None: ...
    def labels(self, *labelvalues: object, **labelkwargs: object) -> Self: ...
    def _with_attributes(self, attributes: Mapping[str, Any] | None, /) -> Self:
        """The child of these attributes, of a metric that was defined with open=True.

        str by str, bool, int of 64 bits, float, or lists or tuples of one of these; None is an empty mapping. The order
        of keys is no matter, types are: 1, 1.0, True and "1" are four series. -0.0 is 0.0, and every NaN the same one.
        What is no attribute is left out and counted as `attribute` among the dropped records; strict mode raises
        TypeError. Past a limit on series it is the overflow child. Thread-safe.
        """
    def _remove(self, *labelvalues: object) -> bool: ...
    def _remove_matching(self, labels: dict[str, Any], /) -> int: ...
    def _clear(self) -> None: ...
    def _reset(self) -> None: ...
    def _show(self, registry: int, shown: bool, /) -> None: ...
    def _read(self) -> list[Any]:
        """The series: (labels, value ...) as its kind has them; labels None are the overflow series."""
    @property
    def _labelnames(self) -> tuple[str, ...]: ...
    @property
    def _attributes(self) -> dict[str, Any]: ...
    @property
    def _labelvalues(self) -> tuple[str, ...]: ...
    @property
    def _states(self) -> tuple[str, ...]: ...
    @property
    def _bounds(self) -> tuple[float, ...]: ...
    @property
    def _family_key(self) -> int: ...
    @property
    def _name(self) -> str: ...
    @property
    def _documentation(self) -> str: ...
    @property
    def _unit(self) -> str: ...
    @property
    def _is_overflow(self) -> bool: ...

class CounterBase(Instrument):
    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None: ...
    def _keep_exemplar(self, bucket: int, amount: float, labels: dict[str, str], /) -> None: ...

class GaugeBase(Instrument):
    def inc(self, amount: float = 1) -> None: ...
    def dec(self, amount: float = 1) -> None: ...
    def set(self, value: float) -> None: ...
    def set_to_current_time(self) -> None: ...
    def _freeze(self) -> None: ...
    def _store(self, value: float, /) -> None: ...
    def _allow_only_set(self) -> None: ...

class HistogramBase(Instrument):
    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None: ...
    def _add(self, bucket: int, count: int, amount: float, /) -> None: ...
    def _set_sum(self, amount: float, /) -> None: ...
    def _keep_exemplar(self, bucket: int, amount: float, labels: dict[str, str], /) -> None: ...
    def _read_natives(self) -> list[Any]:
        """The native histograms: labels as _read() has them, then the fields of prometheus.samples.NativeHistogram."""

class SummaryBase(Instrument):
    def observe(self, amount: float) -> None: ...
    def _add(self, count: int, amount: float, /) -> None: ...
    def _set_sum(self, amount: float, /) -> None: ...

class InfoBase(Instrument):
    def _set_facts(self, facts: dict[str, str], /) -> None: ...

class EnumBase(Instrument):
    def state(self, state: str, /) -> None: ...

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
    """Applies settings that were already validated; ValueError where a live store cannot take them."""

def render(format: str, names: Sequence[str] = ()) -> bytes:
    """The exposition of a fresh snapshot; of text formats and protobuf, with names, the families alone that have one of
    them or a sample of that name. ValueError for an unknown format."""

def read_snapshot() -> tuple[Any, ...]:
    """A fresh snapshot of this process or its service: the arguments of toolvitals.snapshot.made_of(), but for a
    capsule in the place of the function that makes families. The GIL is released while percentiles are selected."""

def snapshot_tools(capsule: object) -> dict[str, Any]:
    """The tools of a snapshot by name, of a capsule among what read_snapshot() returned."""

def snapshot_families(capsule: object) -> dict[str, Any]:
    """The families of a snapshot by name, of a capsule among what read_snapshot() returned."""

def stand_still(proc_root: str | None) -> None:
    """For tests: stops the core's clocks, and has what the kernel tells of processes read from another folder than
    /proc, so that all snapshots are of one instant. None lets them go on."""

def render_instruments(
    instruments: Sequence[Instrument], open_metrics: bool, created: bool, natives: bool = False
) -> list[memoryview | None]:
    """The text of each instrument, as prometheus_client would write it, with native histograms if `natives`; None for
    one that Python has to write."""

def instrument_families() -> dict[str, Any]:
    """The families of the instruments of all processes that share what they record, whichever registry they are in, as
    values, by name."""

def render_tools(open_metrics: bool) -> tuple[memoryview, tuple[str, ...]]:
    """The text of the families of tools and caches, to stand among others, and the names of these."""

def tool_families() -> dict[str, Any]:
    """The families of tools and caches as values, by name."""

def share(path: str) -> None:
    """Moves what is recorded into a file of the directory, where the other processes of the service see it.

    Once; again with the same path does nothing. OSError says what is wrong with the directory or its file system, and
    leaves everything as it was; RuntimeError where it is shared elsewhere already.
    """

def shared_directory() -> str | None:
    """The directory that the process's records are in; None where they are its own."""

def locate_directory(path: str) -> str:
    """The folder that a shared directory's files are in: itself, or this user's own in one others can write to."""

def leave() -> None:
    """Takes what is recorded from here on out of the shared directory, if it is in one."""

def found_family() -> None:
    """From here on what forked children record is this process's to show, not its parent's."""

def read_directory(path: str) -> tuple[tuple[Any, ...], list[dict[str, Any]]]:
    """What the processes record that share a directory, for who is none of them: a snapshot as read_snapshot() returns
    it, and a dict for each file. Changes nothing. OSError for what is no directory or another user's."""

def render_directory(path: str, format: str, names: Sequence[str] = ()) -> bytes:
    """The exposition of the same, as render() has it. ValueError for an unknown format."""

def set_exemplar_provider(provider: Callable[[], dict[str, str] | None] | None) -> None:
    """Asked for the labels of an exemplar when one is due, ten times a second and series at most."""

def set_drop_logger(logger: Callable[[str], None] | None) -> None:
    """Called once per drop reason, with the reason."""

def set_fold_logger(logger: Callable[[str, str, int], None] | None) -> None:
    """Called once per family whose new label sets are folded into one series: with its name, a reason and a limit."""

def tell_folds() -> None:
    """Calls that logger for the families that native threads have folded label sets of."""

def set_legacy_names(legacy: bool) -> None:
    """Whether the label names of exemplars must be ASCII identifiers."""

def count_dropped(reason: str) -> None:
    """Counts a record that Python code had to drop; reason is one of the core's drop reasons."""

def install_gc_counters() -> None:
    """Appends the core's counter to gc.callbacks, once."""

@final
class FamilyStore:
    """Families that endpoints show until others are stored, without asking Python. Thread-safe."""
    def __new__(cls) -> FamilyStore: ...
    def store(self, metrics: Iterable[Any]) -> None:
        """Shows the families of these Metric objects as of now."""
    def close(self) -> None:
        """Shows nothing any more. Idempotent."""

@final
class CollectorRecord:
    """How a collector fares; several of one name are one. Thread-safe."""
    def __new__(cls, name: str) -> CollectorRecord: ...
    def succeed(self) -> None:
        """It gave what it has, now."""
    def fail(self) -> None:
        """It raised."""

@final
class RefreshCrew:
    """Threads of the operating system that collect when it is due, one at a time. Thread-safe."""
    def __init__(self, *args: object, **kwargs: object) -> None:
        """Raises TypeError: `refresh_crew` is the only one."""
    def open(self, work: Callable[[bool], object]) -> bool:
        """Has a thread call work(begins) at once and whenever a refresh is due. False where none can be made."""
    def close(self, patience: float) -> None:
        """Ends the threads, and waits for that so many seconds at most. Idempotent."""
    def has_turn(self) -> bool:
        """Whether this thread is to go on."""
    def begin_job(self, record: CollectorRecord) -> None:
        """This thread, which is one of the crew, calls the record's collector from here on."""
    def end_job(self) -> None:
        """This thread's collector has come to its end."""
    def set_interval(self, seconds: float) -> None:
        """How old the values may become while there are scrapes."""
    def set_deadline(self, seconds: float) -> None:
        """How long a collector may take before others go on without it."""

refresh_crew: RefreshCrew

@final
class Server:
    """Running endpoints; port None means no listener of that kind, 0 any free port. OSError names a port in use.

    `share_ports`: '' nobody, 'service' the processes of the same directory, 'user' any of this user's that shares them.
    """
    def __new__(
        cls,
        *,
        host: str,
        json_port: int | None,
        prometheus_port: int | None,
        auth_token: str,
        share_ports: str = "",
        port_attempts: int = 1,
    ) -> Server: ...
    @property
    def json_port(self) -> int | None: ...
    @property
    def prometheus_port(self) -> int | None: ...
    @property
    def running(self) -> bool: ...
    def stop(self) -> None: ...

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
    """Has every endpoint of this process answer the path with these bytes, natively, in place of what was there.

    With an ETag, 304 where the client has them, and gzip where accepted. `prefix`: everything below the path, which
    ends in "/". `port`: "json" or "prometheus" for that endpoint alone. ValueError names a path that no request can
    have or that is built in, a bad header, or another port. Thread-safe.
    """

def add_delegate(
    path: str,
    handler: Callable[[str, str], tuple[int, str, bytes]],
    *,
    deadline_s: float,
    prefix: bool = False,
    needs_auth: bool = True,
    port: str = "",
) -> None:
    """Has handler(path, query) answer the path at every endpoint of this process, or at the one of `port` ("json",
    "prometheus"): a status, a content type, the body.

    One thread of the system's own calls all handlers, one after the other. A request without an answer after
    `deadline_s` seconds (above 0, at most 3600) gets 503 with Retry-After, what the handler raises 500. Thread-safe.
    """

def remove_route(path: str) -> bool:
    """False where nothing is published at that path. Thread-safe."""

@final
class Ingest:
    """Running Unix sockets that other programs send records to; None means no socket of that kind. Thread-safe."""
    def __init__(
        self, *, socket: str | None, datagram_socket: str | None, mode: int, labels: Sequence[str]
    ) -> None: ...
    @property
    def socket(self) -> str | None: ...
    @property
    def datagram_socket(self) -> str | None: ...
    @property
    def running(self) -> bool: ...
    def stop(self) -> None:
        """Lets nobody send any more, takes in what was sent before, and removes the paths. Idempotent."""
