"""Families of a snapshot, as the metric objects of prometheus_client."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.samples import Sample
from toolvitals.prometheus.utils import floatToGoString

if TYPE_CHECKING:
    from toolvitals.snapshot import Family, Series

__all__ = ["metric_of"]


def metric_of(family: Family) -> Metric:
    """The family with its samples in order; native histograms, exemplars and when a series began are left out."""
    metric = Metric(family.name, family.help, family.type, family.unit)
    for series in family.series:
        metric.samples.extend(_samples_of(metric.name, metric.type, series))
    return metric


def _samples_of(name: str, kind: str, series: Series) -> Iterator[Sample]:
    # Late, since what it is made of takes its time: a program that is never asked for these families does without.
    from toolvitals.snapshot import Histogram, States, Summary

    labels, value, time = dict(series.labels), series.value, series.timestamp_s
    if isinstance(value, Histogram):
        count, total = ("_gcount", "_gsum") if kind == "gaugehistogram" else ("_count", "_sum")
        for bound, below in zip((*value.bounds, math.inf), value.cumulative(), strict=True):
            yield Sample(name + "_bucket", {**labels, "le": floatToGoString(bound)}, float(below), time)
        # A sum of amounts that may be negative is no counter, so there is none that could be taken for one.
        if value.sum is not None and (kind == "gaugehistogram" or not value.bounds or value.bounds[0] >= 0):
            yield Sample(name + total, labels, float(value.sum), time)
        yield Sample(name + count, labels, float(value.count), time)
    elif isinstance(value, Summary):
        for quantile, amount in value.quantiles.items():
            yield Sample(name, {**labels, "quantile": floatToGoString(quantile)}, amount, time)
        if value.sum is not None:
            yield Sample(name + "_sum", labels, float(value.sum), time)
        yield Sample(name + "_count", labels, float(value.count), time)
    elif isinstance(value, States):
        for state, holds in value.states.items():
            yield Sample(name, {**labels, name: state}, float(holds), time)
    else:
        yield Sample(name + {"counter": "_total", "info": "_info"}.get(kind, ""), labels, float(value), time)
