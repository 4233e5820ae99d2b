"""Text for a terminal: what others named, made harmless, and numbers as people read them."""

from __future__ import annotations

from toolvitals.sources.text import printable

__all__ = ["byte_size", "count_of", "duration", "grouped", "percent", "printable"]

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def grouped(count: int) -> str:
    """1234567 as 1,234,567."""
    return f"{count:,}"


def count_of(count: int, noun: str, plural: str = "") -> str:
    """`1 record`, `2 records`; `plural` is for nouns that make it in another way."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or noun + 's'}"


def percent(share: float) -> str:
    """0 to 1 as a percentage that says 100 % and 0 % only of all and of nothing."""
    text = f"{100 * share:.1f}"
    if share < 1 and text == "100.0":
        return "99.9%"
    if share > 0 and text == "0.0":
        return "0.1%"
    return f"{text}%"


def byte_size(count: float) -> str:
    """Bytes in the unit that leaves one to four digits: 28311552 as 27.0 MiB."""
    size = float(count)
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def duration(seconds: float) -> str:
    """Seconds in the two largest units that say something: 0.25 s, 12 s, 3 min 5 s, 2 h 10 min, 4 d 3 h."""
    if seconds < 10:
        return f"{seconds:.3g} s"
    whole = int(seconds)
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"
