"""Keeps what custom collectors and gauges' functions give where the native endpoint finds it.

The endpoint never waits for Python: it shows what was collected last. A thread collects anew when the core says that it
is due, which is soon after something changed, and at an interval as long as somebody scrapes.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from toolvitals import _backend, endpoints
from toolvitals.prometheus.registry import REGISTRY, Collector

if TYPE_CHECKING:
    from toolvitals import _core as core
else:
    core = _backend.core

__all__ = ["notice", "refresh"]

_logger = logging.getLogger("toolvitals")

# The thread waits so long at a time, so that it also ends when nobody tells it to.
_PATIENCE_S = 3600.0
# How long the interpreter's end waits for a collector that is running.
_JOIN_S = 1.0

_lock = threading.Lock()
_thread: threading.Thread | None = None
_closing = False
_stores: dict[Collector, core.FamilyStore] = {}
_failed: set[Collector] = set()


def refresh() -> None:
    """Collects everything now, in this thread, for the scrapes of the native endpoint that follow.

    Not needed in general. A collector that raises is logged once and counted in `toolvitals_collector_failures_total`;
    what it gave before stays. Thread-safe.
    """
    if not _backend.recording:
        return
    for collector in REGISTRY._collectors()[1]:
        _refresh_one(collector)
    _forget_others()


def notice() -> None:
    """What is to be collected has changed. Called with no lock of the registry held."""
    _forget_others()
    if endpoints.serving():
        _begin()


def _begin() -> None:
    """Collects at once and from now on, if there is something to collect."""
    global _thread
    if not _is_needed():
        return
    with _lock:
        if _thread is not None:
            core.refresh_demand.ask()
            return
        core.refresh_demand.open()
        _thread = threading.Thread(target=_run, name="toolvitals-refresh", daemon=True)
        _thread.start()


def _run() -> None:
    while not _ends():
        if core.refresh_demand.wait(_PATIENCE_S):
            refresh()


def _ends() -> bool:
    """Whether the thread has nothing more to do; from then on it is not the thread that collects."""
    global _thread
    with _lock:
        if not _closing and _is_needed():
            return False
        _thread = None
        return True


def _is_needed() -> bool:
    return _backend.recording and any(_needs_python(collector) for collector in REGISTRY._collectors()[1])


def _refresh_one(collector: Any) -> None:
    try:
        if hasattr(collector, "_show"):
            collector._prepare()
        elif _is_custom(collector):
            _store_of(collector).store(collector.collect())
        _failed.discard(collector)
    except Exception as error:
        _report(collector, error)


def _is_custom(collector: Any) -> bool:
    return not getattr(collector, "_shown_by_core", False)


def _needs_python(collector: Any) -> bool:
    if hasattr(collector, "_show"):
        return bool(getattr(collector, "_has_functions", False))
    return _is_custom(collector)


def _store_of(collector: Collector) -> core.FamilyStore:
    with _lock:
        store = _stores.get(collector)
        if store is None:
            store = _stores[collector] = core.FamilyStore()
        return store


def _forget_others() -> None:
    """Closes the stores of collectors that are not registered any more."""
    with _lock:
        registered = set(REGISTRY._collectors()[1]) if _stores else set()
        for collector in [collector for collector in _stores if collector not in registered]:
            _stores.pop(collector).close()
            _failed.discard(collector)


def _report(collector: Collector, error: Exception) -> None:
    core.count_collector_failure()
    if collector not in _failed:
        _failed.add(collector)
        _logger.warning("the collector %r raised; its last values are shown on", collector, exc_info=error)


def _stop() -> None:
    global _closing
    _closing = True
    thread = _thread
    if thread is not None:
        core.refresh_demand.close()
        thread.join(_JOIN_S)


def _forget_after_fork() -> None:
    """A child has the stores, but not the thread, and the lock may have been held by a thread that is not there."""
    global _lock, _thread
    _lock = threading.Lock()
    _thread = None


endpoints.on_serving(_begin)
REGISTRY._changed = notice
atexit.register(_stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
