"""What a scrape consists of: samples, with what may hang on them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["BucketSpan", "Exemplar", "NativeHistogram", "Sample", "Timestamp"]

_NANOS_PER_SECOND = 10**9


@functools.total_ordering
class Timestamp:
    """A point of Unix time to the nanosecond.

    `sec` is whole seconds, `nsec` 0 to 999,999,999 nanoseconds, which count away from zero: Timestamp(-1, 5e8) is -1.5.
    Immutable by convention; ordered among its own kind. ValueError for nanoseconds out of range.
    """

    def __init__(self, sec: float, nsec: float) -> None:
        if not 0 <= nsec < _NANOS_PER_SECOND:
            raise ValueError(f"Invalid value for nanoseconds in Timestamp: {nsec}; allowed are 0 to 999999999")
        self.sec = int(sec)
        self.nsec = int(-nsec if sec < 0 else nsec)

    def _key(self) -> tuple[int, int]:
        return (self.sec, self.nsec)

    def __str__(self) -> str:
        return f"{self.sec}.{abs(self.nsec):09d}"

    def __repr__(self) -> str:
        return f"Timestamp({self.sec}, {self.nsec})"

    def __float__(self) -> float:
        return self.sec + self.nsec / _NANOS_PER_SECOND

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self._key() == other._key()

    def __lt__(self, other: Timestamp) -> bool:
        if not isinstance(other, Timestamp):
            return NotImplemented
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class BucketSpan(NamedTuple):
    """`length` native buckets in a row, `offset` buckets after the end of the span before (or after bucket 0)."""

    offset: int
    length: int


class Exemplar(NamedTuple):
    """One observation that stands for others: its labels (a trace id, mostly), value, and Unix time in seconds."""

    labels: dict[str, str]
    value: float
    timestamp: float | Timestamp | None = None


class NativeHistogram(NamedTuple):
    """A histogram with exponential buckets, as Prometheus' protobuf has it.

    Bucket i of a positive span holds values in (base**(i-1), base**i] with base 2**(2**-schema). Deltas are the
    difference of each bucket's count to the bucket before.
    """

    count_value: float
    sum_value: float
    schema: int
    zero_threshold: float
    zero_count: float
    pos_spans: Sequence[BucketSpan] | None = None
    neg_spans: Sequence[BucketSpan] | None = None
    pos_deltas: Sequence[int] | None = None
    neg_deltas: Sequence[int] | None = None
    nh_exemplars: Sequence[Exemplar] | None = None


class Sample(NamedTuple):
    """One line of a scrape. `timestamp` is Unix time in seconds, a Timestamp, or None for the time of the scrape."""

    name: str
    labels: dict[str, str]
    value: float
    timestamp: float | Timestamp | None = None
    exemplar: Exemplar | None = None
    native_histogram: NativeHistogram | None = None
