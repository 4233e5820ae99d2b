"""Names and texts as a text format can carry them.

Names beyond ASCII identifiers are quoted for readers that ask for `allow-utf-8`; for others they are rewritten by one
of the schemes of https://github.com/prometheus/proposals/blob/main/proposals/0028-utf8.md.
"""

from __future__ import annotations

from collections.abc import Callable

from toolvitals.prometheus.validation import is_legacy_label_name, is_legacy_metric_name

__all__ = [
    "ALLOWUTF8",
    "DOTS",
    "SCHEMES",
    "UNDERSCORES",
    "VALUES",
    "escape_help",
    "escape_label_name",
    "escape_metric_name",
    "escape_value",
    "is_plain",
]

ALLOWUTF8 = "allow-utf-8"
UNDERSCORES = "underscores"
DOTS = "dots"
VALUES = "values"
SCHEMES = (ALLOWUTF8, UNDERSCORES, DOTS, VALUES)

_VALUE = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


def escape_value(text: str) -> str:
    """A label's value, or a name, as it stands between quotes."""
    # What is derived from a string, as members of an Enum are, becomes one: it may say something else in a text.
    return text if text.__class__ is str and text.isalnum() else text.translate(_VALUE)


def escape_help(text: str) -> str:
    """A help text of the Prometheus format, where quotes stand for themselves."""
    return text.translate(_HELP)


def escape_metric_name(s: str, escaping: str = UNDERSCORES) -> str:
    """A metric's name by one of the `SCHEMES`; in quotes where `allow-utf-8` has to quote it."""
    return _escape(s, escaping, is_legacy_metric_name(s), ":")


def escape_label_name(s: str, escaping: str = UNDERSCORES) -> str:
    """A label's name by one of the `SCHEMES`; in quotes where `allow-utf-8` has to quote it."""
    return _escape(s, escaping, is_legacy_label_name(s), "")


def is_plain(name: str, scheme: str) -> bool:
    """Whether the metric's name stands before the braces, and not quoted within them."""
    return scheme != ALLOWUTF8 or is_legacy_metric_name(name)


def _escape(name: str, scheme: str, is_legacy: bool, also_valid: str) -> str:
    if scheme == ALLOWUTF8:
        return name if is_legacy else f'"{escape_value(name)}"'
    if scheme == UNDERSCORES:
        return name if is_legacy else _rewrite(name, also_valid, lambda character: "_")
    if scheme == DOTS:
        return _rewrite(name.replace("_", "__"), also_valid, lambda character: "_dot_" if character == "." else "__")
    if scheme == VALUES:
        if is_legacy:
            return name
        return "U__" + _rewrite(name.replace("_", "__"), also_valid, lambda character: f"_{ord(character):x}_")
    raise ValueError(f"unknown escaping {scheme!r}; allowed are {', '.join(SCHEMES)}")


def _rewrite(name: str, also_valid: str, replace: Callable[[str], str]) -> str:
    return "".join(
        character if _is_valid(character, first=i == 0, also_valid=also_valid) else replace(character)
        for i, character in enumerate(name)
    )


def _is_valid(character: str, *, first: bool, also_valid: str) -> bool:
    if not character.isascii():
        return False
    return character.isalpha() or character == "_" or character in also_valid or (character.isdigit() and not first)
