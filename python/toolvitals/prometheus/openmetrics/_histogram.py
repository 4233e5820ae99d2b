"""What the specification demands of a histogram's buckets, count and sum."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from toolvitals.prometheus.samples import Sample

__all__ = ["check_histogram"]


def check_histogram(name: str, samples: Iterable[Sample]) -> None:
    """ValueError where the samples of a histogram or gauge histogram do not fit together."""
    points: dict[object, list[Sample]] = {}
    for sample in samples:
        labels = tuple(sorted(item for item in sample.labels.items() if item[0] != "le"))
        points.setdefault((labels, sample.timestamp), []).append(sample)
    for point in points.values():
        _check_point(name, point)


def _check_point(name: str, samples: Sequence[Sample]) -> None:
    buckets = [(float(sample.labels["le"]), sample.value) for sample in samples if sample.name == f"{name}_bucket"]
    values = {sample.name[len(name) :]: sample.value for sample in samples if "le" not in sample.labels}
    count = values.get("_count", values.get("_gcount"))
    total = values.get("_sum", values.get("_gsum"))
    bounds = [bound for bound, _ in buckets]
    counts = [value for _, value in buckets]
    if bounds != sorted(set(bounds)):
        raise ValueError(f"{name!r}: buckets are out of order")
    if not bounds or bounds[-1] != math.inf:
        raise ValueError(f"{name!r}: the +Inf bucket is missing")
    if counts != sorted(counts):
        raise ValueError(f"{name!r}: bucket counts are not cumulative")
    if count is not None and count != counts[-1]:
        raise ValueError(f"{name!r}: the count is not that of the +Inf bucket")
    if (count is None) != (total is None):
        raise ValueError(f"{name!r}: count and sum stand together or not at all")
    if bounds[0] < 0:
        if "_sum" in values:
            raise ValueError(f"{name!r}: a histogram with negative buckets has no sum")
    elif total is not None and total < 0:
        raise ValueError(f"{name!r}: a negative sum without negative buckets")
