"""From records to lines of the protocol, docs/reference/ipc-protocol.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

__all__ = ["MAX_LINE_BYTES", "encode", "label_texts", "number", "timestamp"]

# The server passes over longer lines (kMaxLineBytes in cpp/ingest/ingest_limits.h), the line feed not counted.
MAX_LINE_BYTES = 64 * 1024

# One encoder is made once; json.dumps() with arguments would make one for every record.
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False)


def encode(record: Mapping[str, Any]) -> bytes:
    """The record as a line; fields that are None are left out. TypeError or ValueError for one that cannot be one."""
    line = _encoder.encode({name: value for name, value in record.items() if value is not None}).encode()
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"the record has {len(line)} bytes, but may have {MAX_LINE_BYTES}")
    return line + b"\n"


def number(value: Any) -> int | float:
    """A number that JSON can carry: what is neither int nor float, such as a Decimal, becomes a float."""
    return value if type(value) in (int, float) else float(value)


def label_texts(labels: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Label values as texts; None where there are no labels."""
    return {str(name): str(value) for name, value in labels.items()} if labels else None


def timestamp(instant: datetime | None) -> str | None:
    """RFC 3339, in UTC. ValueError for an instant without a time zone."""
    if instant is None:
        return None
    if instant.utcoffset() is None:
        raise ValueError(f"{instant!r} has no time zone")
    return instant.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
