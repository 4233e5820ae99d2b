"""Helpers for the tests of those who use toolvitals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from toolvitals import _backend
from toolvitals._backend import core
from toolvitals.sources import ThisProcess

__all__ = ["assert_no_dropped", "dropped", "isolated", "snapshot"]


@contextmanager
def isolated() -> Iterator[core.PerformanceMetricsCollector]:
    """A block that begins, and leaves behind, a collector in which everything is zero.

    Gives the collector. The collector is the process's: tests that run at the same time in other threads are not kept
    apart. A process that shares TOOLVITALS_DIR leaves it here, for good: what it recorded before stays there, and
    start() does not join it again. As a pytest fixture:

        @pytest.fixture
        def metrics():
            with toolvitals.testing.isolated() as collector:
                yield collector
    """
    collector = core.PerformanceMetricsCollector()
    # Zeroing a shared directory would take from the other processes of the service what they recorded, and they would
    # be seen here: under pytest-xdist they are the other workers.
    _backend.keep_to_itself()
    collector.reset()
    try:
        yield collector
    finally:
        _backend.keep_to_itself()
        collector.reset()


def snapshot() -> dict[str, Any]:
    """Everything recorded so far, as GET /metrics.json gives it."""
    return core.PerformanceMetricsCollector().get_all_metrics()


def dropped() -> dict[str, int]:
    """How many records were dropped, by reason; reasons that never occurred are left out."""
    counts = ThisProcess().read().own.dropped_records
    return {reason: count for reason, count in counts.items() if count}


def assert_no_dropped() -> None:
    """Raises AssertionError, naming the reasons, where records were dropped over bad arguments."""
    counts = dropped()
    if counts:
        raise AssertionError(f"toolvitals dropped records: {counts}")
