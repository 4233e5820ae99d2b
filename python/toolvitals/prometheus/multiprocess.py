"""What programs of several processes call: a collector for all of them, and the word that one has ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from toolvitals._backend import core
from toolvitals.instruments import all_instruments
from toolvitals.prometheus._families import metric_of
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import CollectorRegistry
from toolvitals.prometheus.samples import Sample

__all__ = ["MultiProcessCollector", "mark_process_dead"]

_VARIABLES = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")


# Of these the last one counts; the others add up.
_OF_NOW = ("gauge", "info", "stateset")


def _joined(samples: list[Sample], *, adds: bool) -> list[Sample]:
    """One sample for each series, in the order of the first ones."""
    joined: dict[tuple[str, frozenset[tuple[str, str]]], Sample] = {}
    for sample in samples:
        series = sample.name, frozenset(sample.labels.items())
        before = joined.get(series)
        joined[series] = sample if before is None or not adds else sample._replace(value=before.value + sample.value)
    return list(joined.values())


class MultiProcessCollector:
    """Collects every instrument that there is, whichever registry it is in, for a registry that is scraped instead.

    `path`, or PROMETHEUS_MULTIPROC_DIR where it is None, has to be a directory, as programs that use it make one
    (ValueError where it is not); no file is written there. What is collected is this process's; where TOOLVITALS_DIR
    is set, that of all processes. Thread-safe.
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
        """The families of the instruments. Those of one name and type are one; none is without series, none says when
        one began."""
        if core.shared_directory() is not None:
            yield from (metric_of(family) for family in core.instrument_families().values() if family.series)
            return
        families: dict[tuple[str, str], Metric] = {}
        for instrument in all_instruments():
            for metric in instrument.collect():
                created = f"{metric.name}_created"
                metric.samples = [sample for sample in metric.samples if sample.name != created]
                known = families.setdefault((metric.name, metric.type), metric)
                if known is not metric:
                    known.samples = _joined(known.samples + metric.samples, adds=metric.type not in _OF_NOW)
        yield from (metric for metric in families.values() if metric.samples)

    def describe(self) -> list[Metric]:
        """Nothing, since the names are those of another registry."""
        return []


def mark_process_dead(pid: int, path: Any = None) -> None:
    """For a server's hook when a worker has ended. A process leaves no files behind, so that nothing is to be done."""
