"""What programs of several processes call: a collector for all of them, and the word that one has ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry

__all__ = ["MultiProcessCollector", "mark_process_dead"]

_VARIABLES = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")


class MultiProcessCollector:
    """Collects the instruments of the default registry, for a registry that is scraped in its place.

    `path`, or PROMETHEUS_MULTIPROC_DIR where it is None, has to be a directory, as programs that use it make one
    (ValueError where it is not); no file is written there. What is collected is this process's. Thread-safe.
    """

    def __init__(self, registry: CollectorRegistry | None, path: str | None = None) -> None:
        if path is None:
            path = next((os.environ[name] for name in _VARIABLES if name in os.environ), None)
        if not path or not os.path.isdir(path):
            raise ValueError("env PROMETHEUS_MULTIPROC_DIR is not set or not a directory")
        self._path = path
        if registry is not None:
            registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """The families of the instruments, without collectors of other kinds."""
        for collector in REGISTRY._collectors()[1]:
            if hasattr(collector, "_show"):
                yield from collector.collect()

    def describe(self) -> list[Metric]:
        """Nothing, since the names are those of another registry."""
        return []


def mark_process_dead(pid: int, path: Any = None) -> None:
    """For a server's hook when a worker has ended. A process leaves no files behind, so that nothing is to be done."""
