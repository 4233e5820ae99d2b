"""Everything that custom collectors need, under one name."""

from __future__ import annotations

from toolvitals.prometheus.metrics import Counter, Enum, Gauge, Histogram, Info, Summary
from toolvitals.prometheus.metrics_core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
    SummaryMetricFamily,
    UnknownMetricFamily,
    UntypedMetricFamily,
)
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry, DuplicateTimeseries
from toolvitals.prometheus.samples import BucketSpan, Exemplar, NativeHistogram, Sample, Timestamp

__all__ = [
    "REGISTRY",
    "BucketSpan",
    "CollectorRegistry",
    "Counter",
    "CounterMetricFamily",
    "DuplicateTimeseries",
    "Enum",
    "Exemplar",
    "Gauge",
    "GaugeHistogramMetricFamily",
    "GaugeMetricFamily",
    "Histogram",
    "HistogramMetricFamily",
    "Info",
    "InfoMetricFamily",
    "Metric",
    "NativeHistogram",
    "Sample",
    "StateSetMetricFamily",
    "Summary",
    "SummaryMetricFamily",
    "Timestamp",
    "UnknownMetricFamily",
    "UntypedMetricFamily",
]
