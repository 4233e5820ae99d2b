"""Registries: which collectors there are, and which names they take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, cast, runtime_checkable

from toolvitals import _lifecycle, collectors
from toolvitals.collectors import native
from toolvitals.prometheus.metrics_core import SAMPLE_SUFFIXES, Metric

__all__ = ["REGISTRY", "Collector", "CollectorRegistry", "DuplicateTimeseries", "RestrictedRegistry"]

_TARGET_INFO = "target_info"


@runtime_checkable
class Collector(collectors.Collector, Protocol):
    """Anything that gives metric families when it is asked. It may have a `describe()` that gives them empty."""

    def collect(self) -> Iterable[Metric]:
        """The families as they are now."""


class DuplicateTimeseries(ValueError):  # noqa: N818 - the name that users of prometheus_client catch
    """A collector's names are taken.

    `duplicates` is the set of names, `existing` the collector that has the first of them, or None where it is the
    registry's own `target_info`.
    """

    def __init__(self, duplicates: set[str], existing: Collector | None = None) -> None:
        text = f"Duplicated timeseries in CollectorRegistry: {duplicates}"
        if existing is not None:
            text += (
                f". A {type(existing).__name__} has them already. Where a notebook's cell or a module that is loaded "
                "again made it before, go on with that one, which is `existing` of this exception, or unregister() it "
                "from the registry first"
            )
        super().__init__(text)
        self.duplicates = duplicates
        self.existing = existing


class _Collectors(dict[Collector, list[str]]):
    """Collectors and their names, which programs also take out by themselves; instruments are then no longer shown."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._registry = registry

    def forget(self, collector: Collector) -> None:
        """Takes a collector out; whoever wants to know of it is not told."""
        super().__delitem__(collector)
        self._registry._show(collector, False)

    def __delitem__(self, collector: Collector) -> None:
        self.forget(collector)
        self._registry._notice()

    def pop(self, collector: Collector, *default: Any) -> Any:
        names = self.get(collector)
        if names is None:
            return super().pop(collector, *default)
        del self[collector]
        return names

    def clear(self) -> None:
        for collector in list(self):
            self.forget(collector)
        self._registry._notice()


# Of all registries, so that the child of a fork can make it anew: another thread may have held it. Only ever held for
# moments.
_lock = threading.RLock()


def _begin_afresh_in_child() -> None:
    global _lock
    _lock = threading.RLock()


_lifecycle.when(_lifecycle.Event.FORKED, _lifecycle.Rank.COLLECTORS, _begin_afresh_in_child)


class CollectorRegistry:
    """Collectors that are scraped together; no two of them may use one name.

    A collector says its names by `describe()`; one that has none is asked by `collect()` where `auto_describe` is set,
    and is otherwise not checked. `target_info` are labels of a `target_info` metric about the program as a whole.
    With `support_collectors_without_names`, restricted registries ask collectors that named nothing as well.

    Instruments that it has are shown by the native endpoints that serve it, by the number it has there.

    Thread-safe. No lock is held while a collector runs.
    """

    _native_number: int | None = None
    # Called when a collector came or went, with no lock held.
    _changed: Callable[[], None] | None = None

    @property
    def _lock(self) -> threading.RLock:
        return _lock

    def __init__(
        self,
        auto_describe: bool = False,
        target_info: Mapping[str, str] | None = None,
        support_collectors_without_names: bool = False,
    ) -> None:
        self._auto_describe = auto_describe
        self._ask_the_nameless = support_collectors_without_names
        # Programs reach for these two to find a metric that is registered, or to forget all of them, so they keep the
        # names that those know.
        self._collectors_of_names = _Collectors(self)
        self._names_to_collectors: dict[str, Collector] = {}
        self._target_info: dict[str, str] | None = None
        self.set_target_info(target_info)

    def register(self, collector: Collector) -> None:
        """Adds a collector, after asking it for its names.

        DuplicateTimeseries, a ValueError, where one of them is taken. What its `describe()` raises passes through, or
        its `collect()` where it has none and the registry describes by itself, as REGISTRY does; AttributeError where
        it has neither. A collector that is not added changes nothing.
        """
        names = self._get_names(collector)
        with self._lock:
            taken = set(names).intersection(self._names_to_collectors)
            if _TARGET_INFO in names and self._target_info:
                raise DuplicateTimeseries(taken | {_TARGET_INFO})
            if taken:
                raise DuplicateTimeseries(taken, self._names_to_collectors[min(taken)])
            self._collector_to_names[collector] = names
            self._names_to_collectors.update(dict.fromkeys(names, collector))
            self._show(collector, True)
        self._notice()

    def unregister(self, collector: Collector) -> None:
        """Removes a collector; KeyError where it was not registered."""
        with self._lock:
            for name in self._collector_to_names[collector]:
                del self._names_to_collectors[name]
            self._collectors_of_names.forget(collector)
        self._notice()

    @property
    def _collector_to_names(self) -> dict[Collector, list[str]]:
        return self._collectors_of_names

    @_collector_to_names.setter
    def _collector_to_names(self, kept: Mapping[Collector, Iterable[str]]) -> None:
        for collector in [collector for collector in self._collectors_of_names if collector not in kept]:
            self._collectors_of_names.forget(collector)
        for collector, names in kept.items():
            if collector not in self._collectors_of_names:
                self._show(collector, True)
            self._collectors_of_names[collector] = list(names)
        self._notice()

    def collect(self) -> Iterator[Metric]:
        """The families of every collector, in the order they were registered."""
        target, collectors = self._collectors()
        if target is not None:
            yield target
        for collector in collectors:
            yield from collector.collect()

    def _collectors(self) -> tuple[Metric | None, list[Collector]]:
        """The target's metric, and the collectors in the order they were registered."""
        with self._lock:
            return self._target_metric(), list(self._collector_to_names)

    def _registered(self) -> list[Collector]:
        """The collectors, for threads that may not wait for a lock: the dict is copied at once."""
        return list(dict.copy(self._collectors_of_names))

    def restricted_registry(self, names: Iterable[str]) -> RestrictedRegistry:
        """What to collect from for the samples of these names alone; only their collectors are asked."""
        return RestrictedRegistry(names, self)

    def set_target_info(self, labels: Mapping[str, str] | None) -> None:
        """Sets the labels of `target_info`; none remove it. ValueError where a collector has that name."""
        with self._lock:
            if labels and _TARGET_INFO in self._names_to_collectors:
                raise ValueError("CollectorRegistry already contains a target_info metric")
            # What is empty says nothing, and is kept as it was said.
            self._target_info = dict(labels.items()) if labels else cast("dict[str, str] | None", labels)

    def get_target_info(self) -> dict[str, str] | None:
        """The labels of `target_info`; None, or whatever else was set that is empty, where there are none."""
        with self._lock:
            return dict(self._target_info) if self._target_info else self._target_info

    def get_sample_value(self, name: str, labels: Mapping[str, str] | None = None) -> float | None:
        """The value of a sample, None where there is none. Collects everything: made for tests."""
        wanted = {} if labels is None else labels
        for metric in self.collect():
            for sample in metric.samples:
                if sample.name == name and sample.labels == wanted:
                    return sample.value
        return None

    def _notice(self) -> None:
        if self._changed is not None:
            self._changed()

    def _show(self, collector: Collector, shown: bool) -> None:
        """Shows an instrument at the native endpoints, or no longer."""
        if self._native_number is not None and (known := native(collector)) is not None:
            known.native_show(self._native_number, shown)

    def _get_names(self, collector: Collector) -> list[str]:
        """The names of the series that a collector may have, each once."""
        describe = getattr(collector, "describe", None)
        if describe is None and self._auto_describe:
            describe = collector.collect
        names: dict[str, None] = {}
        for metric in () if describe is None else describe():
            names[metric.name] = None
            names.update(dict.fromkeys(metric.name + suffix for suffix in SAMPLE_SUFFIXES.get(metric.type, ())))
        return list(names)

    def _target_metric(self) -> Metric | None:
        if not self._target_info:
            return None
        metric = Metric("target", "Target metadata", "info")
        metric.add_sample(_TARGET_INFO, dict(self._target_info), 1)
        return metric

    def _collectors_of(self, names: frozenset[str]) -> tuple[Metric | None, list[Collector]]:
        """What to ask for these names, each collector once."""
        with self._lock:
            target = self._target_metric() if _TARGET_INFO in names else None
            asked = [
                collector
                for collector, own in self._collector_to_names.items()
                if not names.isdisjoint(own) or (self._ask_the_nameless and not own) or _may_give(collector, names)
            ]
        return target, asked


def _may_give(collector: Collector, names: frozenset[str]) -> bool:
    """Whether a collector that reserves no names says that it may have some of these."""
    known = native(collector)
    return known is not None and known.native_may_give(names)


REGISTRY = CollectorRegistry(auto_describe=True)
REGISTRY._native_number = 0
REGISTRY._changed = collectors.notice
collectors.show_collectors_of(REGISTRY._registered)


class RestrictedRegistry:
    """A registry seen through a set of sample names. Thread-safe."""

    def __init__(self, names: Iterable[str], registry: CollectorRegistry) -> None:
        self._wanted = frozenset(names)
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """The families that have such samples, with only those."""
        target, collectors = self._registry._collectors_of(self._wanted)
        if target is not None:
            yield target
        for collector in collectors:
            for metric in collector.collect():
                restricted = metric._restricted_metric(self._wanted)
                if restricted is not None:
                    yield restricted
