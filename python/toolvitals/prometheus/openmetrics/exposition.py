"""OpenMetrics 1.0.0, written."""

from __future__ import annotations

from collections.abc import Iterator

from toolvitals.prometheus._text import family_texts, series
from toolvitals.prometheus.escaping import (
    ALLOWUTF8,
    DOTS,
    UNDERSCORES,
    VALUES,
    escape_label_name,
    escape_metric_name,
    escape_value,
)
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import Collector
from toolvitals.prometheus.samples import Exemplar, Sample
from toolvitals.prometheus.utils import floatToGoString

__all__ = [
    "ALLOWUTF8",
    "CONTENT_TYPE_LATEST",
    "DOTS",
    "ESCAPING_HEADER_TAG",
    "UNDERSCORES",
    "VALUES",
    "escape_label_name",
    "escape_metric_name",
    "generate_latest",
]

CONTENT_TYPE_LATEST = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# The parameter of Content-Type and Accept that names an escaping.
ESCAPING_HEADER_TAG = "escaping"

_EXEMPLARS = {"counter": "_total", "histogram": "_bucket", "gaugehistogram": "_bucket"}


def generate_latest(registry: Collector, escaping: str = UNDERSCORES) -> bytes:
    """The scrape of a registry, or of anything that collects, as UTF-8, up to `# EOF`.

    `escaping` is what becomes of names that are no ASCII identifiers: one of `escaping.SCHEMES`. Native histograms,
    which this version of the format does not know, are left out. ValueError for an exemplar on a sample that may have
    none. What a collector raises passes through, with the family among its arguments where there is one.
    """
    return b"".join((*family_texts(registry, _family, escaping, open_metrics=True), b"# EOF\n"))


def _family(metric: Metric, escaping: str) -> Iterator[str]:
    name = escape_metric_name(metric.name, escaping)
    yield f"# HELP {name} {escape_value(metric.documentation)}\n"
    yield f"# TYPE {name} {metric.type}\n"
    if metric.unit:
        yield f"# UNIT {name} {metric.unit}\n"
    for sample in metric.samples:
        if sample.native_histogram is None:
            yield _line(metric, sample, escaping)


def _line(metric: Metric, sample: Sample, escaping: str) -> str:
    time = "" if sample.timestamp is None else f" {sample.timestamp}"
    exemplar = ""
    if sample.exemplar is not None:
        if sample.name != metric.name + _EXEMPLARS.get(metric.type, " "):
            raise ValueError(f"Metric {metric.name} has exemplars, but is not a histogram bucket or counter")
        exemplar = _exemplar(sample.exemplar)
    return f"{series(sample, escaping)} {floatToGoString(sample.value)}{time}{exemplar}\n"


def _exemplar(exemplar: Exemplar) -> str:
    labels = ",".join(f'{name}="{escape_value(value)}"' for name, value in sorted(exemplar.labels.items()))
    time = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    return f" # {{{labels}}} {floatToGoString(exemplar.value)}{time}"
