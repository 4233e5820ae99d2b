"""Operations that other programs tell the metrics server of."""

from __future__ import annotations

from toolvitals.catalogue._family import FamilyType, Label, OwnFamily

__all__ = ["OPERATIONS"]

_OPERATION = Label("operation_type")
_SERVER = "`toolvitals serve` with a socket"


def _of_operations(
    name: str, kind: FamilyType, help_text: str, meaning: str, *labels: Label, unit: str = ""
) -> OwnFamily:
    return OwnFamily(
        "operations",
        name,
        kind,
        help_text,
        unit,
        labels,
        operation_labels=bool(labels),
        setting=_SERVER,
        meaning=meaning,
    )


OPERATIONS = (
    _of_operations(
        "operation_duration_seconds",
        "histogram",
        "How long operations took.",
        "classic and native; how long operations took",
        _OPERATION,
    ),
    _of_operations(
        "operation_object_size_bytes",
        "histogram",
        "Sizes of the objects of operations.",
        "classic and native; of operations that say a size",
        _OPERATION,
    ),
    _of_operations(
        "operations",
        "counter",
        "Operations, by outcome.",
        "operations, by outcome",
        _OPERATION,
        Label("outcome", ("success", "error")),
    ),
    _of_operations(
        "operation_bytes",
        "counter",
        "Bytes of the objects of operations.",
        "the sum of the sizes, whatever the outcome",
        _OPERATION,
    ),
    _of_operations(
        "active_users",
        "gauge",
        "Different users of operations within the last five minutes.",
        "different values of the label `user` within the last five minutes",
    ),
)
