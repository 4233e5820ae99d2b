"""The process and its interpreter, as the Prometheus client libraries name what is to be said of them."""

from __future__ import annotations

from toolvitals.catalogue._family import FamilyType, Label, OwnFamily

__all__ = ["PROCESS", "PYTHON"]

_PID = Label("pid", always=False)
_GENERATION = Label("generation", ("0", "1", "2"))


def _of_process(name: str, kind: FamilyType, help_text: str, unit: str, meaning: str) -> OwnFamily:
    return OwnFamily("process", f"process_{name}", kind, help_text, unit, (_PID,), meaning=meaning)


PROCESS = (
    _of_process(
        "cpu_seconds",
        "counter",
        "Total user and system CPU time spent in seconds.",
        "seconds",
        "processor time that the process has used, in user and kernel mode",
    ),
    _of_process("resident_memory_bytes", "gauge", "Resident memory size in bytes.", "bytes", "memory that lies in RAM"),
    _of_process(
        "virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", "bytes", "address space that is reserved"
    ),
    _of_process(
        "start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds.",
        "seconds",
        "when the process began, in Unix time",
    ),
    _of_process("open_fds", "gauge", "Number of open file descriptors.", "", "open file descriptors"),
    _of_process("max_fds", "gauge", "Maximum number of open file descriptors.", "", "how many it may open"),
    _of_process("threads", "gauge", "Number of OS threads in the process.", "", "threads, native ones included"),
)


def _of_gc(name: str, help_text: str, meaning: str) -> OwnFamily:
    return OwnFamily(
        "python",
        f"python_gc_{name}",
        "counter",
        help_text,
        labels=(_GENERATION,),
        setting="`start()`",
        meaning=meaning,
    )


PYTHON = (
    OwnFamily(
        "python",
        "python",
        "info",
        "Python platform information",
        labels=tuple(Label(name) for name in ("implementation", "major", "minor", "patchlevel", "version")),
        meaning="which interpreter runs, as labels; of the process that answers",
    ),
    _of_gc("objects_collected", "Objects collected during gc", "objects that the garbage collector freed"),
    _of_gc("objects_uncollectable", "Uncollectable objects found during GC", "objects that it could not free"),
    _of_gc("collections", "Number of times this generation was collected", "its runs"),
)
