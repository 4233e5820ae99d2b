"""What is collected for the native endpoint, one call of a program's code each: collectors, and functions of gauges."""

from __future__ import annotations

import functools
import inspect
import logging
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from toolvitals import _backend
from toolvitals.prometheus import _functions
from toolvitals.prometheus.registry import REGISTRY

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = ["Job", "forget_after_fork", "forget_others", "jobs", "needed"]

_logger = logging.getLogger("toolvitals")

# By the identity of what is called. Each step is one that the interpreter does at once, since the threads that collect
# may not wait for a lock of Python's: in a program that gevent or eventlet has patched it is none of theirs.
_jobs: dict[int, Job] = {}


class Job:
    """One call. Jobs of one name are one in what is told of them."""

    def __init__(self, name: str) -> None:
        self.record = core.CollectorRecord(name)
        # Whether it is to be called, or is being called, by the threads that collect.
        self.waits = False
        self._name = name
        self._failed = False

    def run(self) -> BaseException | None:
        """Calls it and keeps what it gives. What it raises is counted and logged the first time, and returned."""
        try:
            self._collect()
        except BaseException as error:
            # CancelledError, SystemExit and a panic of Rust are no reason to collect no more.
            self.record.fail()
            self._report(error)
            return error
        self.record.succeed()
        self._failed = False
        return None

    def is_of(self, called: object) -> bool:
        """Whether it calls this one, and not another one that had its identity before."""
        raise NotImplementedError

    def is_registered(self, registered: set[int]) -> bool:
        """Whether it is of a collector that is among these, by identity."""
        raise NotImplementedError

    def close(self) -> None:
        """Shows nothing any more."""

    def _collect(self) -> None:
        raise NotImplementedError

    def _report(self, error: BaseException) -> None:
        failed, self._failed = self._failed, True
        if failed:
            return
        try:
            _logger.warning("the collector %s raised; its last values are shown on", self._name, exc_info=error)
        except BaseException:
            # The fault of a logging handler is not the collector's, and nobody else's either.
            return


class _CustomJob(Job):
    """A collector of the program's."""

    def __init__(self, collector: Any) -> None:
        super().__init__(_name_of(type(collector)))
        self._collector = collector
        self._store = core.FamilyStore()

    def is_of(self, called: object) -> bool:
        return called is self._collector

    def is_registered(self, registered: set[int]) -> bool:
        return id(self._collector) in registered

    def close(self) -> None:
        self._store.close()

    def _collect(self) -> None:
        # As a list, so that no code of the program runs while the core reads what it gave.
        self._store.store(list(self._collector.collect()))


class _FunctionJob(Job):
    """The function of a gauge."""

    def __init__(self, gauge: Any, parent: Any) -> None:
        super().__init__(gauge._name)
        self._gauge = weakref.ref(gauge)
        self._parent = weakref.ref(parent)

    def is_of(self, called: object) -> bool:
        return called is self._gauge()

    def is_registered(self, registered: set[int]) -> bool:
        parent = self._parent()
        return self._gauge() is not None and parent is not None and id(parent) in registered

    def _collect(self) -> None:
        gauge = self._gauge()
        if gauge is not None:
            gauge._store(float(gauge._function()))


def jobs() -> list[Job]:
    """What there is to call now. Thread-safe, and waits for nobody."""
    found = [_job_of(called, make) for called, make in _wanted()]
    # A collector may have left the registry while its job was made.
    forget_others()
    return found


def needed() -> bool:
    """Whether there is something to call. Thread-safe, and waits for nobody."""
    return _backend.recording and any(True for _ in _wanted())


def forget_others() -> None:
    """Ends the jobs of collectors that are not registered any more. Thread-safe, and waits for nobody."""
    if not _jobs:
        return
    registered = {id(collector) for collector in REGISTRY._registered()}
    for key, job in list(_jobs.items()):
        if not job.is_registered(registered):
            _jobs.pop(key, None)
            job.close()


def forget_after_fork() -> None:
    """Nothing waits for the parent's threads."""
    for job in _jobs.values():
        job.waits = False


def _job_of(called: Any, make: Callable[[], Job]) -> Job:
    job = _jobs.get(id(called))
    if job is not None and not job.is_of(called):
        _jobs.pop(id(called), None)
        job.close()
        job = None
    return _jobs.setdefault(id(called), make()) if job is None else job


def _wanted() -> Iterator[tuple[Any, Callable[[], Job]]]:
    """What is called, and how its job is made."""
    for collector in REGISTRY._registered():
        kind = type(collector)
        if issubclass(kind, core.GaugeBase):
            for gauge in _functions.gauges_of(collector._family_key):  # type: ignore[attr-defined]
                yield gauge, functools.partial(_FunctionJob, gauge, collector)
        elif not issubclass(kind, core.Instrument) and not _is_shown_by_core(collector):
            yield collector, functools.partial(_CustomJob, collector)


def _is_shown_by_core(collector: Any) -> bool:
    # Without asking it, since a mock has an answer to everything.
    return inspect.getattr_static(collector, "_shown_by_core", False) is True


def _name_of(kind: type) -> str:
    # As the class was named, whatever its metaclass says.
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    return f"{module}.{name}" if isinstance(module, str) else str(name)
