"""Prometheus' protobuf messages, read by protobuf's own library from the public schema of io.prometheus.client."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["decode", "native_buckets"]

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "string": _FIELD.TYPE_STRING,
    "double": _FIELD.TYPE_DOUBLE,
    "uint64": _FIELD.TYPE_UINT64,
    "int64": _FIELD.TYPE_INT64,
    "sint64": _FIELD.TYPE_SINT64,
    "uint32": _FIELD.TYPE_UINT32,
    "int32": _FIELD.TYPE_INT32,
    "sint32": _FIELD.TYPE_SINT32,
}
# By message: field, number and type, with * where it is repeated; an enum is read as its number. Of native histograms
# the fields of whole counts.
_SCHEMA: dict[str, dict[str, tuple[int, str]]] = {
    "Timestamp": {"seconds": (1, "int64"), "nanos": (2, "int32")},
    "LabelPair": {"name": (1, "string"), "value": (2, "string")},
    "Exemplar": {"label": (1, "*LabelPair"), "value": (2, "double"), "timestamp": (3, "Timestamp")},
    "Gauge": {"value": (1, "double")},
    "Counter": {"value": (1, "double"), "exemplar": (2, "Exemplar"), "created_timestamp": (3, "Timestamp")},
    "Untyped": {"value": (1, "double")},
    "Quantile": {"quantile": (1, "double"), "value": (2, "double")},
    "Summary": {
        "sample_count": (1, "uint64"),
        "sample_sum": (2, "double"),
        "quantile": (3, "*Quantile"),
        "created_timestamp": (4, "Timestamp"),
    },
    "Bucket": {"cumulative_count": (1, "uint64"), "upper_bound": (2, "double"), "exemplar": (3, "Exemplar")},
    "BucketSpan": {"offset": (1, "sint32"), "length": (2, "uint32")},
    "Histogram": {
        "sample_count": (1, "uint64"),
        "sample_sum": (2, "double"),
        "bucket": (3, "*Bucket"),
        "schema": (5, "sint32"),
        "zero_threshold": (6, "double"),
        "zero_count": (7, "uint64"),
        "negative_span": (9, "*BucketSpan"),
        "negative_delta": (10, "*sint64"),
        "positive_span": (12, "*BucketSpan"),
        "positive_delta": (13, "*sint64"),
        "created_timestamp": (15, "Timestamp"),
    },
    "Metric": {
        "label": (1, "*LabelPair"),
        "gauge": (2, "Gauge"),
        "counter": (3, "Counter"),
        "summary": (4, "Summary"),
        "untyped": (5, "Untyped"),
        "timestamp_ms": (6, "int64"),
        "histogram": (7, "Histogram"),
    },
    "MetricFamily": {
        "name": (1, "string"),
        "help": (2, "string"),
        "type": (3, "int32"),
        "metric": (4, "*Metric"),
        "unit": (5, "string"),
    },
}


def _metric_family_class() -> Any:
    """The class of a MetricFamily message, from the schema above."""
    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package="io.prometheus.client", syntax="proto2")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            label = _FIELD.LABEL_REPEATED if kind.startswith("*") else _FIELD.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label)
            kind = kind.lstrip("*")
            if kind in _TYPES:
                added.type = _TYPES[kind]
            else:
                added.type = _FIELD.TYPE_MESSAGE
                added.type_name = f".io.prometheus.client.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("io.prometheus.client.MetricFamily"))


_MetricFamily = _metric_family_class()


def decode(body: bytes) -> list[Any]:
    """The messages of a delimited stream; fails where one is not encoded as this library encodes it."""
    families = []
    at = 0
    while at < len(body):
        length = shift = 0
        while True:
            byte = body[at]
            length |= (byte & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if byte < 0x80:
                break
        family = _MetricFamily()
        assert family.ParseFromString(body[at : at + length]) == length
        assert family.SerializeToString() == body[at : at + length], "not the canonical encoding"
        families.append(family)
        at += length
    return families


def native_buckets(spans: Any, deltas: Any) -> dict[int, int]:
    """The counts of a native histogram's buckets by index, of those that are not empty."""
    counts: dict[int, int] = {}
    index = count = 0
    left = iter(deltas)
    for span in spans:
        index += span.offset
        for _ in range(span.length):
            count += next(left)
            if count:
                counts[index] = count
            index += 1
    assert next(left, None) is None
    return counts
