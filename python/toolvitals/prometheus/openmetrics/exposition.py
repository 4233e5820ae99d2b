"""OpenMetrics, written: 1.0.0, and the draft of 2.0.0, which adds native histograms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from toolvitals.prometheus.samples import BucketSpan, Exemplar, NativeHistogram, Sample
from toolvitals.prometheus.utils import floatToGoString, parse_version

__all__ = [
    "ALLOWUTF8",
    "CONTENT_TYPE_LATEST",
    "CONTENT_TYPE_LATEST_2_0",
    "DOTS",
    "ESCAPING_HEADER_TAG",
    "UNDERSCORES",
    "VALUES",
    "escape_label_name",
    "escape_metric_name",
    "generate_latest",
]

CONTENT_TYPE_LATEST = "application/openmetrics-text; version=1.0.0; charset=utf-8"
CONTENT_TYPE_LATEST_2_0 = "application/openmetrics-text; version=2.0.0; charset=utf-8"

# The parameter of Content-Type and Accept that names an escaping.
ESCAPING_HEADER_TAG = "escaping"

_FIRST_WITH_NATIVES = (2, 0, 0)
# How the names of samples end that may have exemplars.
_EXEMPLARS = {"counter": "_total", "histogram": "_bucket", "gaugehistogram": "_bucket"}


def generate_latest(registry: Collector, escaping: str = UNDERSCORES, version: str = "1.0.0") -> bytes:
    """The scrape of a registry, or of anything that collects, as UTF-8, up to `# EOF`.

    `escaping` is what becomes of names that are no ASCII identifiers: one of `escaping.SCHEMES`. From `version` 2.0.0
    on, a draft, native histograms are written, before the buckets of their series; the versions below do not know them.
    ValueError for an exemplar on a sample that may have none, for an unknown `escaping` where a family is written, and
    for a `version` that is no numbers with dots between them. What a collector raises passes through and nothing is
    returned; where a family could not be written, it is among the exception's arguments.
    """
    natives = _has_natives(version)
    write = _family_with_natives if natives else _family
    return b"".join((*family_texts(registry, write, escaping, open_metrics=True, natives=natives), b"# EOF\n"))


def _has_natives(version: str) -> bool:
    try:
        return parse_version(version) >= _FIRST_WITH_NATIVES
    except TypeError:
        raise ValueError(f"unknown version {version!r}: it must be numbers with dots between them") from None


def _family(metric: Metric, escaping: str) -> Iterator[str]:
    yield from _head(metric, escaping)
    for sample in metric.samples:
        if sample.native_histogram is None:
            yield _line(metric, sample, escaping)


def _family_with_natives(metric: Metric, escaping: str) -> Iterator[str]:
    yield from _head(metric, escaping)
    for sample in metric.samples:
        yield _line(metric, sample, escaping)


def _head(metric: Metric, escaping: str) -> Iterator[str]:
    name = escape_metric_name(metric.name, escaping)
    yield f"# HELP {name} {escape_value(metric.documentation)}\n"
    yield f"# TYPE {name} {metric.type}\n"
    if metric.unit:
        yield f"# UNIT {name} {metric.unit}\n"


def _line(metric: Metric, sample: Sample, escaping: str) -> str:
    time = "" if sample.timestamp is None else f" {sample.timestamp}"
    exemplars = [] if sample.exemplar is None else [sample.exemplar]
    native = sample.native_histogram
    if native is None:
        value = floatToGoString(sample.value)
    else:
        value = _native(native)
        exemplars += native.nh_exemplars or ()
    if exemplars and not _may_have_exemplars(metric, sample):
        raise ValueError(f"Metric {metric.name} has exemplars, but is not a histogram bucket or counter")
    marks = "".join(_exemplar(exemplar, escaping) for exemplar in exemplars)
    return f"{series(sample, escaping)} {value}{time}{marks}\n"


def _may_have_exemplars(metric: Metric, sample: Sample) -> bool:
    suffix = _EXEMPLARS.get(metric.type)
    if suffix is None:
        return False
    return sample.name.endswith(suffix) or (metric.type == "histogram" and sample.name == metric.name)


def _exemplar(exemplar: Exemplar, escaping: str) -> str:
    labels = ",".join(
        f'{escape_label_name(name, escaping)}="{escape_value(value)}"'
        for name, value in sorted(exemplar.labels.items())
    )
    time = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    return f" # {{{labels}}} {floatToGoString(exemplar.value)}{time}"


def _native(native: NativeHistogram) -> str:
    fields = [
        f"count:{native.count_value}",
        f"sum:{native.sum_value}",
        f"schema:{native.schema}",
        f"zero_threshold:{native.zero_threshold}",
        f"zero_count:{native.zero_count}",
        *_buckets("negative", native.neg_spans, native.neg_deltas),
        *_buckets("positive", native.pos_spans, native.pos_deltas),
    ]
    return f"{{{','.join(fields)}}}"


def _buckets(sign: str, spans: Sequence[BucketSpan] | None, deltas: Sequence[int] | None) -> Iterator[str]:
    if spans:
        yield f"{sign}_spans:[{','.join(f'{span[0]}:{span[1]}' for span in spans)}]"
        yield f"{sign}_deltas:[{','.join(map(str, deltas or ()))}]"
