"""The Prometheus text format, written: 0.0.4, and 1.0.0, which adds quoted names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import cast

from toolvitals import _backend
from toolvitals.collectors import native
from toolvitals.prometheus._created import uses_created
from toolvitals.prometheus.escaping import (
    DOTS,
    UNDERSCORES,
    escape_help,
    escape_label_name,
    escape_metric_name,
    escape_value,
    is_plain,
)
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import REGISTRY, Collector, CollectorRegistry
from toolvitals.prometheus.samples import Sample
from toolvitals.prometheus.utils import floatToGoString

__all__ = [
    "CONTENT_TYPE_LATEST",
    "CONTENT_TYPE_PLAIN_0_0_4",
    "CONTENT_TYPE_PLAIN_1_0_0",
    "family_text",
    "family_texts",
    "generate_latest",
    "series",
]

CONTENT_TYPE_PLAIN_0_0_4 = "text/plain; version=0.0.4; charset=utf-8"
CONTENT_TYPE_PLAIN_1_0_0 = "text/plain; version=1.0.0; charset=utf-8"
CONTENT_TYPE_LATEST = CONTENT_TYPE_PLAIN_1_0_0

_MILLIS_PER_SECOND = 1000
_NAMES_KEPT = 1024

# OpenMetrics' types and names in the words of this format.
_TYPES = {"info": "gauge", "stateset": "gauge", "gaugehistogram": "histogram", "unknown": "untyped"}
_SUFFIXES = {"counter": "_total", "info": "_info"}
# Samples that this format does not know in their family become families of their own.
_GAUGES = ("_created", "_gcount", "_gsum")


def generate_latest(registry: Collector = REGISTRY, escaping: str = UNDERSCORES) -> bytes:
    """The scrape of a registry, or of anything that collects, as UTF-8.

    `escaping` is what becomes of names that are no ASCII identifiers: one of `escaping.SCHEMES`; ValueError for
    another where a family is written. What a collector raises passes through and nothing is returned, so that a scrape
    fails as a whole; where a family could not be written, it is among the exception's arguments. Thread-safe if the
    collectors are.
    """
    return b"".join(family_texts(registry, _family, escaping, open_metrics=False))


def family_texts(
    registry: Collector,
    write: Callable[[Metric, str], Iterable[str]],
    escaping: str,
    *,
    open_metrics: bool,
    natives: bool = False,
) -> Iterator[bytes | memoryview]:
    """The families of a registry, in order: instruments as the core writes them, the rest as `write` does.

    With `natives` instruments show their native histograms beside their buckets.
    """
    # A registry of the program's own class has its own way to collect.
    if getattr(type(registry), "collect", None) is not CollectorRegistry.collect or escaping == DOTS:
        for metric in registry.collect():
            yield family_text(metric, write, escaping).encode()
        return
    target, collectors = cast(CollectorRegistry, registry)._collectors()
    instruments = {
        id(collector): instrument
        for collector in collectors
        if (known := native(collector)) is not None and (instrument := known.native_instrument()) is not None
    }
    written = _backend.core.render_instruments(list(instruments.values()), open_metrics, uses_created(), natives)
    texts = dict(zip(instruments, written, strict=True))
    if target is not None:
        yield family_text(target, write, escaping).encode()
    for collector in collectors:
        known = native(collector)
        text: bytes | memoryview | None = texts.get(id(collector))
        if text is None and known is not None:
            text = known.native_text(open_metrics)
        if text is not None:
            yield text
            continue
        for metric in collector.collect() if known is None or not natives else known.native_families():
            yield family_text(metric, write, escaping).encode()


def family_text(metric: Metric, write: Callable[[Metric, str], Iterable[str]], escaping: str) -> str:
    """What `write` writes of a family; an exception gets the family as its last argument."""
    try:
        return "".join(write(metric, escaping))
    except Exception as error:
        error.args = (*(error.args or ("",)), metric)
        raise


def series(sample: Sample, escaping: str) -> str:
    """A sample's name and labels as they stand before its value, the labels in order."""
    name, plain = _shown(sample.name, escaping)
    if plain and not sample.labels:
        return name
    labels = [
        f'{_shown_label(label, escaping)}="{escape_value(value)}"'
        for label, value in sorted((sample.labels or {}).items())
    ]
    if not plain:
        return f"{{{','.join([name, *labels])}}}"
    return f"{name}{{{','.join(labels)}}}" if labels else name


# A program has few names, which each scrape writes again, and a pattern has to match each of them.
@functools.lru_cache(maxsize=_NAMES_KEPT)
def _shown(name: str, escaping: str) -> tuple[str, bool]:
    """A metric's name as it is written, and whether it stands before the braces."""
    return escape_metric_name(name, escaping), is_plain(name, escaping)


_shown_label = functools.lru_cache(maxsize=_NAMES_KEPT)(escape_label_name)


def _family(metric: Metric, escaping: str) -> Iterator[str]:
    apart: dict[str, list[Sample]] = {}
    shown = metric.name + _SUFFIXES.get(metric.type, "")
    yield _head(shown, metric.documentation, _TYPES.get(metric.type, metric.type), escaping)
    for sample in metric.samples:
        suffix = sample.name[len(metric.name) :]
        if sample.native_histogram is not None:
            # This format has none; the classic buckets beside it, if any, are written.
            continue
        if suffix in _GAUGES and sample.name.startswith(metric.name):
            apart.setdefault(suffix, []).append(sample)
        else:
            yield _line(sample, escaping)
    for suffix in sorted(apart):
        yield _head(metric.name + suffix, metric.documentation, "gauge", escaping)
        for sample in apart[suffix]:
            yield _line(sample, escaping)


@functools.lru_cache(maxsize=_NAMES_KEPT)
def _head(name: str, documentation: str, typ: str, escaping: str) -> str:
    escaped = escape_metric_name(name, escaping)
    return f"# HELP {escaped} {escape_help(documentation)}\n# TYPE {escaped} {typ}\n"


def _line(sample: Sample, escaping: str) -> str:
    time = "" if sample.timestamp is None else f" {int(float(sample.timestamp) * _MILLIS_PER_SECOND)}"
    return f"{series(sample, escaping)} {floatToGoString(sample.value)}{time}\n"
