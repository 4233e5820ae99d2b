"""Numbers as Go writes them, which is how they stand in a text format."""

from __future__ import annotations

import math

__all__ = ["INF", "MINUS_INF", "floatToGoString", "parse_version"]

INF = math.inf
MINUS_INF = -math.inf

_FIRST_INEXACT_INTEGER = 2**53
_FIRST_WITH_EXPONENT = 1e6


def floatToGoString(d: float) -> str:
    """The shortest text that reads back as the number: 1.0, 1.5e+06, +Inf, NaN.

    Integers that no double holds are written in full, where prometheus_client rounds them. ValueError or TypeError for
    what is no number.
    """
    if isinstance(d, int) and abs(d) >= _FIRST_INEXACT_INTEGER:
        return str(d)
    value = float(d)
    text = repr(value)
    if -_FIRST_WITH_EXPONENT < value < _FIRST_WITH_EXPONENT:
        return text
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value < 0 or "e" in text:
        return text
    whole, _, fraction = text.partition(".")
    digits = (whole + fraction).rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{mantissa}e+{len(whole) - 1:02d}"


def parse_version(version_str: str) -> tuple[int | str, ...]:
    """The parts between the dots of a version, as numbers where they are some: "1.0.0rc1" is (1, 0, "0rc1")."""
    return tuple(int(part) if part.isdecimal() else part for part in version_str.split("."))
