"""Collectors: what gives metric families when it is asked, and the threads that ask them for the native endpoints.

An endpoint never waits for Python: of what only Python can collect it shows what was collected last. Threads of the
core collect anew when that is due, which is soon after something changed, and at an interval as long as somebody
scrapes (docs/decisions/0023). What they call are jobs: a collector of the program's, or a function of a gauge.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from toolvitals import _backend, _lifecycle, endpoints
from toolvitals._late import logger

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = ["Collector", "Job", "NativeCollector", "forget_others", "native", "notice", "refresh", "show_collectors_of"]

# How long the interpreter's end waits for a collector that is running.
_PATIENCE_S = 1.0


@runtime_checkable
class Collector(Protocol):
    """Anything that gives metric families when it is asked. It may have a `describe()` that gives them empty."""

    def collect(self) -> Iterable[Any]:
        """The families as they are now."""


class NativeCollector:
    """A collector of which the core knows more than `collect()` says: an instrument, or one of this package's own.

    It is one by its class, which native() looks at, and never by having an attribute: a mock has them all.
    """

    __slots__ = ()

    def native_is_shown(self) -> bool:
        """Whether the native endpoints show its families without that anybody collects them."""
        return True

    def native_show(self, registry: int, shown: bool) -> None:
        """It has come to the registry of that number, or left it."""

    def native_jobs(self) -> Iterable[tuple[object, Callable[[], Job]]]:
        """What of a collector that is shown has to be called from time to time: what is called, and how its job is
        made."""
        return ()

    def native_instrument(self) -> core.Instrument | None:
        """The instrument that the core may write for it, brought up to date; None where Python writes its families."""
        return None

    def native_text(self, open_metrics: bool) -> bytes | memoryview | None:
        """Its families as the core writes them; None where Python writes them."""
        return None

    def native_families(self) -> Iterable[Any]:
        """What collect() gives, with native histograms beside classic ones."""
        return self.collect()  # type: ignore[attr-defined,no-any-return]

    def native_may_give(self, names: frozenset[str]) -> bool:
        """Whether it may have some of these samples, though it reserves no names."""
        return False


def native(collector: object) -> NativeCollector | None:
    """The collector, where its class is a NativeCollector's; None for any other, whatever it answers when asked."""
    return collector if issubclass(type(collector), NativeCollector) else None  # type: ignore[return-value]


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
            logger().warning("the collector %s raised; its last values are shown on", self._name, exc_info=error)
        except BaseException:
            # The fault of a logging handler is not the collector's, and nobody else's either.
            return


class _CollectorJob(Job):
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


# What gives the collectors that the native endpoints show. A thread that collects may not wait for a lock of Python's:
# in a program that gevent or eventlet has patched it is none of theirs.
_registered: Callable[[], list[Any]] = list

# By the identity of what is called. Each step is one that the interpreter does at once.
_jobs: dict[int, Job] = {}

# What of a refresh is still to be called. Only the thread that has the turn takes from it.
_queue: collections.deque[Job] = collections.deque()


def show_collectors_of(registered: Callable[[], list[Any]]) -> None:
    """Says where the collectors are that the native endpoints show: what is called waits for nobody."""
    global _registered
    _registered = registered
    notice()


def refresh() -> None:
    """Collects everything now, in this thread, for the scrapes of the native endpoint that follow.

    Not needed in general. A collector that raises is logged once and counted in `toolvitals_collector_failures_total`;
    what it gave before stays, and the others are collected. A KeyboardInterrupt is raised when they are. Thread-safe.
    """
    if not _backend.recording:
        return
    errors = [job.run() for job in _current_jobs()]
    for error in errors:
        if isinstance(error, KeyboardInterrupt):
            raise error


def notice() -> None:
    """What is to be collected has changed. Called with no lock of a registry held."""
    forget_others()
    if endpoints.serving():
        _begin()


def forget_others() -> None:
    """Ends the jobs of collectors that are not registered any more. Thread-safe, and waits for nobody."""
    if not _jobs:
        return
    registered = {id(collector) for collector in _registered()}
    for key, job in list(_jobs.items()):
        if not job.is_registered(registered):
            _jobs.pop(key, None)
            job.close()


def _current_jobs() -> list[Job]:
    """What there is to call now. Thread-safe, and waits for nobody."""
    found = [_job_of(called, make) for called, make in _wanted()]
    # A collector may have left the registry while its job was made.
    forget_others()
    return found


def _job_of(called: Any, make: Callable[[], Job]) -> Job:
    job = _jobs.get(id(called))
    if job is not None and not job.is_of(called):
        _jobs.pop(id(called), None)
        job.close()
        job = None
    return _jobs.setdefault(id(called), make()) if job is None else job


def _wanted() -> Iterator[tuple[object, Callable[[], Job]]]:
    """What is called, and how its job is made."""
    for collector in _registered():
        known = native(collector)
        if known is not None and known.native_is_shown():
            yield from known.native_jobs()
        else:
            yield collector, functools.partial(_CollectorJob, collector)


def _name_of(kind: type) -> str:
    # As the class was named, whatever its metaclass says.
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    return f"{module}.{name}" if isinstance(module, str) else str(name)


# --- the threads


def _begin() -> None:
    """Collects at once and from now on, if there is something to collect."""
    if not (_backend.recording and any(True for _ in _wanted())):
        _end()
    elif not core.refresh_crew.open(_work):
        logger().warning("no thread can be made that collects; the endpoint shows what was collected before")


def _end() -> None:
    if _backend.recording:
        core.refresh_crew.close(0)


def _work(begins: bool) -> None:
    """What a thread of the core does when it has the turn, until another one has."""
    crew = core.refresh_crew
    if begins:
        _fill_queue()
    while crew.has_turn():
        try:
            job = _queue.popleft()
        except IndexError:
            return
        crew.begin_job(job.record)
        try:
            job.run()
        finally:
            job.waits = False
            crew.end_job()


def _fill_queue() -> None:
    """Adds what is not in it, and is not hanging in another thread."""
    for job in _current_jobs():
        if not job.waits:
            job.waits = True
            _queue.append(job)


def _stop() -> None:
    if _backend.recording:
        core.refresh_crew.close(_PATIENCE_S)


def _forget_after_fork() -> None:
    """The threads are the parent's, and so is what they were about to call."""
    _queue.clear()
    for job in _jobs.values():
        job.waits = False


_lifecycle.when(_lifecycle.Event.STARTED, _lifecycle.Rank.COLLECTORS, _begin)
_lifecycle.when(_lifecycle.Event.STOPPED, _lifecycle.Rank.COLLECTORS, _end)
_lifecycle.when(_lifecycle.Event.FORKED, _lifecycle.Rank.COLLECTORS, _forget_after_fork)
_lifecycle.when(_lifecycle.Event.EXIT, _lifecycle.Rank.COLLECTORS, _stop)
