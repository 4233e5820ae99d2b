"""Keeps what custom collectors and gauges' functions give where the native endpoint finds it.

The endpoint never waits for Python: it shows what was collected last. Threads of the core collect anew when that is
due, which is soon after something changed, and at an interval as long as somebody scrapes (docs/decisions/0023).
"""

from __future__ import annotations

import collections
import logging
from typing import TYPE_CHECKING

from toolvitals import _backend, _lifecycle, endpoints
from toolvitals.prometheus import _jobs
from toolvitals.prometheus.registry import REGISTRY

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = ["notice", "refresh"]

_logger = logging.getLogger("toolvitals")

# How long the interpreter's end waits for a collector that is running.
_PATIENCE_S = 1.0

# What of a refresh is still to be called. Only the thread that has the turn takes from it.
_queue: collections.deque[_jobs.Job] = collections.deque()


def refresh() -> None:
    """Collects everything now, in this thread, for the scrapes of the native endpoint that follow.

    Not needed in general. A collector that raises is logged once and counted in `toolvitals_collector_failures_total`;
    what it gave before stays, and the others are collected. A KeyboardInterrupt is raised when they are. Thread-safe.
    """
    if not _backend.recording:
        return
    errors = [job.run() for job in _jobs.jobs()]
    for error in errors:
        if isinstance(error, KeyboardInterrupt):
            raise error


def notice() -> None:
    """What is to be collected has changed. Called with no lock of the registry held."""
    _jobs.forget_others()
    if endpoints.serving():
        _begin()


def _begin() -> None:
    """Collects at once and from now on, if there is something to collect."""
    if not _jobs.needed():
        _end()
    elif not core.refresh_crew.open(_work):
        _logger.warning("no thread can be made that collects; the endpoint shows what was collected before")


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
    for job in _jobs.jobs():
        if not job.waits:
            job.waits = True
            _queue.append(job)


def _stop() -> None:
    if _backend.recording:
        core.refresh_crew.close(_PATIENCE_S)


def _forget_after_fork() -> None:
    """The threads are the parent's, and so is what they were about to call."""
    _queue.clear()
    _jobs.forget_after_fork()


REGISTRY._changed = notice
_lifecycle.when(_lifecycle.Event.STARTED, _lifecycle.Rank.COLLECTORS, _begin)
_lifecycle.when(_lifecycle.Event.STOPPED, _lifecycle.Rank.COLLECTORS, _end)
_lifecycle.when(_lifecycle.Event.FORKED, _lifecycle.Rank.COLLECTORS, _forget_after_fork)
_lifecycle.when(_lifecycle.Event.EXIT, _lifecycle.Rank.COLLECTORS, _stop)
notice()
