"""What the kernel says of a process: CPU time, memory, file descriptors, start time."""

from __future__ import annotations

import contextlib
import math
import os
import resource
from collections.abc import Callable, Iterable

from toolvitals.collectors import NativeCollector
from toolvitals.prometheus.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry

__all__ = ["PROCESS_COLLECTOR", "ProcessCollector"]

_READ_BYTES = 4096

# Places in /proc/<pid>/stat, counted from the field behind the command's name, which may itself hold spaces and
# parentheses (proc(5): the fields 14, 15, 22, 23 and 24).
_UTIME, _STIME, _START_TIME, _VIRTUAL_SIZE, _RESIDENT_PAGES = 11, 12, 19, 20, 21


def _own_pid() -> str:
    return "self"


def _read(folder: str, name: str) -> bytes:
    # open() asks the kernel five questions more, for what is read in one piece.
    descriptor = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(descriptor, _READ_BYTES):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts)


def _own_limit() -> float:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if soft == resource.RLIM_INFINITY else float(soft)


def _limit_in(limits: bytes) -> float | None:
    """The soft limit of open files that a process's `limits` say; None where they say none."""
    for line in limits.splitlines():
        if line.startswith(b"Max open file"):
            soft = line.split()[3]
            return math.inf if soft == b"unlimited" else float(soft)
    return None


class ProcessCollector(NativeCollector):
    """The `process_*` families that Prometheus' guidelines for client libraries name, of this process or another one.

    `namespace` is put before the names, `pid` gives the process, `proc` is where procfs is mounted; `registry` None
    registers nowhere. Where procfs is missing, as on macOS, or a file of it cannot be read, those families are left
    out. Thread-safe.
    """

    def __init__(
        self,
        namespace: str = "",
        pid: Callable[[], int | str] = _own_pid,
        proc: str = "/proc",
        registry: CollectorRegistry | None = REGISTRY,
    ) -> None:
        self._prefix = f"{namespace}_process_" if namespace else "process_"
        self._pid = pid
        self._proc = proc
        self._of_this_process = not namespace and pid is _own_pid and proc == "/proc"
        self._ticks_per_second = os.sysconf("SC_CLK_TCK")
        self._page_bytes = resource.getpagesize()
        self._boot_seconds = self._boot_time()
        if registry is not None:
            registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """What can be read now."""
        if not self._boot_seconds:
            return []
        process = os.path.join(self._proc, str(self._pid()).strip())
        families: list[Metric] = []
        for read in (self._usage, self._descriptors):
            with contextlib.suppress(OSError):
                families += read(process)
        return families

    def native_is_shown(self) -> bool:
        """Whether it is about this process: then the native endpoint reads the same figures by itself."""
        return getattr(self, "_of_this_process", False)

    def _usage(self, process: str) -> list[Metric]:
        fields = _read(process, "stat").rpartition(b")")[2].split()
        seconds = [float(fields[place]) / self._ticks_per_second for place in (_START_TIME, _UTIME, _STIME)]
        return [
            self._gauge("virtual_memory_bytes", "Virtual memory size in bytes.", float(fields[_VIRTUAL_SIZE])),
            self._gauge(
                "resident_memory_bytes",
                "Resident memory size in bytes.",
                float(fields[_RESIDENT_PAGES]) * self._page_bytes,
            ),
            self._gauge(
                "start_time_seconds",
                "Start time of the process since unix epoch in seconds.",
                self._boot_seconds + seconds[0],
            ),
            CounterMetricFamily(
                self._prefix + "cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
                value=seconds[1] + seconds[2],
            ),
        ]

    def _descriptors(self, process: str) -> list[Metric]:
        open_fds = len(os.listdir(os.path.join(process, "fd")))
        families: list[Metric] = [self._gauge("open_fds", "Number of open file descriptors.", open_fds)]
        limit = _own_limit() if self._of_this_process else _limit_in(_read(process, "limits"))
        if limit is not None:
            families.append(self._gauge("max_fds", "Maximum number of open file descriptors.", limit))
        return families

    def _gauge(self, name: str, documentation: str, value: float) -> Metric:
        return GaugeMetricFamily(self._prefix + name, documentation, value=value)

    def _boot_time(self) -> float:
        try:
            lines = _read(self._proc, "stat").splitlines()
        except OSError:
            return 0.0
        return next((float(line.split()[1]) for line in lines if line.startswith(b"btime ")), 0.0)


PROCESS_COLLECTOR = ProcessCollector()
