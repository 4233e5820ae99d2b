"""Reading one line of a text format from left to right."""

from __future__ import annotations

import re

from toolvitals.prometheus.validation import is_legacy_metric_name, validate_label_name, validate_metric_name

__all__ = ["Scanner", "number", "unescape", "unescape_help"]

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_BLANKS = re.compile(r"[ \t]*")
_COMMA = re.compile(r",[ \t]*")
# With nothing but blanks between it and further ones.
_COMMAS = re.compile(r",(?:[ \t]+,)*[ \t]*")
_ESCAPE = re.compile(r'\\([\\n"])')
_HELP_ESCAPE = re.compile(r"\\([\\n])")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)", re.IGNORECASE | re.ASCII)
_METRIC_NAME = "__name__"
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)


def unescape(text: str) -> str:
    """The text with its escapes of backslash, quote and newline resolved; other backslashes stand for themselves."""
    return _ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], text) if "\\" in text else text


def unescape_help(text: str) -> str:
    """The same of a help text of the Prometheus format, where a quote is not escaped."""
    return _HELP_ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else "\\", text) if "\\" in text else text


def number(text: str) -> float:
    """The number, an int where it is written as one. ValueError for what only Python takes for a number."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"invalid value: {text!r}")
    return int(text) if _INTEGER.fullmatch(text) else float(text)


class Scanner:
    """A line and a place in it. What does not stand there raises ValueError with the line.

    `strict` is for formats that allow blanks only where they demand them and in braces, commas only between labels,
    and no label without a value.
    """

    def __init__(self, line: str, *, strict: bool) -> None:
        self.line = line
        self.at = 0
        self.strict = strict

    @property
    def rest(self) -> str:
        """What has not been read yet."""
        return self.line[self.at :]

    def fail(self, what: str) -> ValueError:
        """The error to raise."""
        return ValueError(f"{what}: {self.line!r}")

    def blanks(self) -> None:
        """Skips spaces and tabs, where the format does not care."""
        if not self.strict:
            self.match(_BLANKS)

    def spaces(self) -> None:
        """Reads spaces; ValueError where none stands here."""
        self.expect(" ")
        while self.take(" "):
            pass

    def take(self, text: str) -> bool:
        """Reads the text if it stands here."""
        found = self.line.startswith(text, self.at)
        if found:
            self.at += len(text)
        return found

    def expect(self, text: str) -> None:
        """Reads the text; ValueError where it does not stand here."""
        if not self.take(text):
            raise self.fail(f"expected {text!r} at column {self.at + 1}")

    def word(self) -> str:
        """Reads up to the next space or tab, or to the end; may be empty."""
        end = self.at
        while end < len(self.line) and self.line[end] not in " \t":
            end += 1
        word, self.at = self.line[self.at : end], end
        return word

    def quoted(self) -> str | None:
        """Reads a text in quotes; None where no quote stands here."""
        if not self.line.startswith('"', self.at):
            return None
        found = self.match(_QUOTED)
        if found is None:
            raise self.fail("a quote is not closed")
        return unescape(found[1])

    def name(self) -> str | None:
        """Reads a name: any in quotes, or one that needs none. None where neither stands here."""
        quoted = self.quoted()
        if quoted is not None:
            return quoted
        found = self.match(_BARE_NAME)
        return None if found is None else found[0]

    def series(self) -> tuple[str, dict[str, str]]:
        """Reads a metric's name and labels: `name`, `name{...}` or `{"name",...}`."""
        found = self.match(_BARE_NAME)
        name = found[0] if found else None
        if name is not None and self.line[self.at : self.at + 1] not in (" ", "\t", "{", ""):
            raise self.fail(f"invalid metric name at column {self.at + 1}")
        self.blanks()
        labels: dict[str, str] = {}
        if self.take("{"):
            inner, labels = self.labels()
            if inner is not None and name is not None:
                raise self.fail("a metric name is given twice")
            name = name or inner
        if name is None:
            raise self.fail("a metric name is missing")
        validate_metric_name(name)
        return name, labels

    def exemplar_labels(self) -> dict[str, str]:
        """Reads the labels of an exemplar."""
        self.expect("{")
        name, labels = self.labels()
        if name is not None:
            raise self.fail("an exemplar has no name")
        return labels

    def labels(self) -> tuple[str | None, dict[str, str]]:
        """Reads behind the opening brace, the closing one included; with a name that stands among the labels.

        The name may also be given as `__name__="name"`.
        """
        found: dict[str, str] = {}
        self.match(_BLANKS)
        if not self.strict:
            self._comma()
        while not self.take("}"):
            was_quoted = self.line.startswith('"', self.at)
            name = self.name()
            if name is None:
                raise self.fail(f"expected a label at column {self.at + 1}")
            self.match(_BLANKS)
            if self.take("="):
                self.match(_BLANKS)
                self._add_label(found, name, self._value())
            elif was_quoted:
                self._add_label(found, _METRIC_NAME, name)
            else:
                raise self.fail(f"label {name!r} has no value")
            self._separator()
        return found.pop(_METRIC_NAME, None), found

    def _value(self) -> str | None:
        """Reads a label's value; None where there is none, which only lax formats allow."""
        value = self.quoted()
        if value is None and (self.strict or self.line[self.at : self.at + 1] not in (",", "}")):
            raise self.fail("a label value has no quotes")
        return value

    def _add_label(self, labels: dict[str, str], name: str, value: str | None) -> None:
        if value is None:
            return
        if name != _METRIC_NAME:
            validate_label_name(name)
        if name in labels:
            raise self.fail(f"label {name!r} is given twice")
        labels[name] = value

    def _separator(self) -> None:
        self.match(_BLANKS)
        if self._comma():
            if self.strict and self.line.startswith("}", self.at):
                raise self.fail("a comma without a label behind it")
        elif not self.line.startswith("}", self.at):
            raise self.fail(f"expected a comma or a brace at column {self.at + 1}")

    def _comma(self) -> bool:
        return self.match(_COMMA if self.strict else _COMMAS) is not None

    def metadata_name(self) -> str:
        """Reads the family's name of a HELP, TYPE or UNIT line."""
        quoted = self.quoted()
        if quoted is not None:
            if self.rest and self.rest[0] not in " \t":
                raise self.fail(f"unexpected text at column {self.at + 1}")
            return quoted
        word = self.word()
        if not is_legacy_metric_name(word):
            raise self.fail(f"invalid metric name {word!r}")
        return word

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Reads what matches here; None where nothing does."""
        found = pattern.match(self.line, self.at)
        if found is not None:
            self.at = found.end()
        return found
