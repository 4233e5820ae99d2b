"""What may be a metric name, a label name, an exemplar: by the rule of Prometheus 3 (any UTF-8), or the older one.

`PROMETHEUS_LEGACY_NAME_VALIDATION=true` starts with the older rule; it can be changed at run time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from toolvitals import _backend

__all__ = [
    "METRIC_LABEL_NAME_RE",
    "METRIC_NAME_RE",
    "RESERVED_METRIC_LABEL_NAME_RE",
    "disable_legacy_validation",
    "enable_legacy_validation",
    "get_legacy_validation",
    "is_legacy_label_name",
    "is_legacy_metric_name",
    "validate_exemplar",
    "validate_label_name",
    "validate_label_names",
    "validate_metric_name",
]

MAX_EXEMPLAR_CHARACTERS = 128

_LEGACY_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LEGACY_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")

# For programs that check names by themselves, by the older rule.
METRIC_NAME_RE = re.compile(rf"^{_LEGACY_METRIC_NAME.pattern}$")
METRIC_LABEL_NAME_RE = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_]*$")
RESERVED_METRIC_LABEL_NAME_RE = re.compile(r"^__.*$")

_legacy = os.environ.get("PROMETHEUS_LEGACY_NAME_VALIDATION", "").lower() in ("1", "t", "true")


def get_legacy_validation() -> bool:
    """Whether names must be ASCII identifiers."""
    return _legacy


def enable_legacy_validation() -> None:
    """From here on names must be ASCII identifiers, as before Prometheus 3."""
    _use_legacy(True)


def disable_legacy_validation() -> None:
    """From here on names may be any UTF-8."""
    _use_legacy(False)


def _use_legacy(legacy: bool) -> None:
    global _legacy
    _legacy = legacy
    # Exemplars of records are checked there.
    _backend.core.set_legacy_names(legacy)


_use_legacy(_legacy)


def is_legacy_metric_name(name: str) -> bool:
    """Whether the name needs no quotes in a text format."""
    return _LEGACY_METRIC_NAME.fullmatch(name) is not None


def is_legacy_label_name(name: str) -> bool:
    """Whether the name needs no quotes in a text format and is not reserved."""
    return _LEGACY_LABEL_NAME.fullmatch(name) is not None


def _check_utf8(what: str, name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ValueError(f"invalid {what} {name!r}: it must be encodable as UTF-8") from None


def validate_metric_name(name: str) -> None:
    """ValueError for a name that no metric may have."""
    if not name:
        raise ValueError("metric name cannot be empty")
    if _legacy and not is_legacy_metric_name(name):
        raise ValueError(f"invalid metric name {name!r}: it must match [a-zA-Z_:][a-zA-Z0-9_:]*")
    _check_utf8("metric name", name)


def validate_label_name(name: str) -> None:
    """ValueError for a name that no label may have; those that begin with two underscores are Prometheus' own."""
    if not name:
        raise ValueError("label name cannot be empty")
    if name.startswith("__"):
        raise ValueError(f"reserved label name {name!r}: names that begin with __ are Prometheus' own")
    if _legacy and not is_legacy_label_name(name):
        raise ValueError(f"invalid label name {name!r}: it must match [a-zA-Z_][a-zA-Z0-9_]*")
    _check_utf8("label name", name)


def validate_label_names(names: Iterable[str], reserved: Iterable[str] = ()) -> tuple[str, ...]:
    """The names as a tuple; ValueError where one is invalid, or is `reserved` by the metric's type."""
    checked = tuple(names)
    for name in checked:
        validate_label_name(name)
        if name in reserved:
            raise ValueError(f"reserved label name {name!r}: this type of metric sets it itself")
    return checked


def validate_exemplar(labels: Mapping[str, str]) -> None:
    """ValueError for invalid names, or for more than 128 characters of names and values together."""
    characters = 0
    for name, value in labels.items():
        validate_label_name(name)
        characters += len(name) + len(value)
    if characters > MAX_EXEMPLAR_CHARACTERS:
        raise ValueError(
            f"Exemplar labels have {characters} UTF-8 characters, exceeding the limit of {MAX_EXEMPLAR_CHARACTERS}"
        )


def _validate_labelnames(cls: Any, labelnames: Iterable[str]) -> tuple[str, ...]:
    return validate_label_names(labelnames, cls._reserved_labelnames)


# Programs that make instruments of their own know the rules by these names.
_validate_metric_name = validate_metric_name
_validate_labelname = validate_label_name
_validate_exemplar = validate_exemplar
_is_valid_legacy_metric_name = is_legacy_metric_name
_is_valid_legacy_labelname = is_legacy_label_name
