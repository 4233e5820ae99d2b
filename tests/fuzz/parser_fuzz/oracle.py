"""What the parsers must agree on: the families that prometheus_client's parsers read, or a ValueError where they fail.

Where prometheus_client reads something else than what is written, ours refuses, and says so; those places are listed
here, each by what the text must look like.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import prometheus_client.openmetrics.parser
import prometheus_client.parser

from toolvitals.prometheus import parser
from toolvitals.prometheus.escaping import escape_value
from toolvitals.prometheus.openmetrics import parser as openmetrics_parser
from toolvitals.prometheus.validation import is_legacy_label_name, is_legacy_metric_name

__all__ = ["FORMATS", "Outcome", "difference", "outcome"]

Parse = Callable[[str], Iterable[Any]]

# Ours, and the peer's.
FORMATS: dict[str, tuple[Parse, Parse]] = {
    "text": (parser.text_string_to_metric_families, prometheus_client.parser.text_string_to_metric_families),
    "openmetrics": (
        openmetrics_parser.text_string_to_metric_families,
        prometheus_client.openmetrics.parser.text_string_to_metric_families,
    ),
}

_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"')
# Where prometheus_client takes a line for something that it does not say.
_MISREAD = {
    "text": (
        re.compile(r"(?m)^\s*#\S"),  # a comment's first word is passed over, whatever it is
        re.compile(r"(?m)^\s*[a-zA-Z]+\s*$"),  # of a line of one word, the last letter ends the name: `nan`
        re.compile(r"[{,]\s*[^,{}]*=\s*(?:[,}]|$)", re.MULTILINE),  # a label without a value is passed over
        re.compile(r'(?m)^\s*#.*""\S'),  # a name ends with the last quote, not with the first
        re.compile(r"\t.* | .*\t"),  # spaces separate, or tabs, not both
        re.compile(r'(?m)^\s*[^{#"\s][^{\n]*"'),  # what is between the value and the last word is passed over
    ),
    "openmetrics": (
        re.compile(r"(?m)^#\S"),
        re.compile(r"\t"),  # tabs around names and in numbers are passed over
        re.compile(r'(?m)^#.*""[^ \n]'),  # a name ends with the last quote, not with the first
        re.compile(r"\.\d{9,}[^\d\s]"),  # a timestamp's digits are counted, and what is behind the ninth is not seen
        re.compile(r"(?m)^[a-zA-Z]+$"),
        re.compile(r"(?m)}[^ ]"),  # whatever stands behind the brace is passed over: `}-1` is 1
        re.compile(r'(?m)^[^{#]*"|\} [^{#]*"'),  # what is quoted is passed over, where nothing may be
        re.compile(r"(?m)\{.*# \{"),  # the labels of an exemplar, where those of the sample are not closed
        re.compile(r"(?m)\{.*\{"),  # fields of a native histogram are searched for, in whatever stands there
    ),
}
_ODD_CHARACTERS = re.compile(r"[^\x00-\x7f]|[\x0b-\x1f\x85]|\\")


class Outcome(NamedTuple):
    """What a parser made of a text: its families, or the error."""

    families: list[Any] | None
    error: Exception | None


def outcome(parse: Parse, text: str) -> Outcome:
    """Never raises what the parser raises, unless that is no Exception."""
    try:
        return Outcome([_comparable(family) for family in parse(text)], None)
    except Exception as error:
        return Outcome(None, error)


def difference(text: str, kind: str) -> str | None:
    """What the parsers of a format disagree on, or None."""
    ours, peers = (outcome(parse, text) for parse in FORMATS[kind])
    if ours.error is not None and not isinstance(ours.error, ValueError):
        return f"{kind}: {ours.error!r} is no ValueError, for {text!r}"
    if peers.error is not None and not isinstance(peers.error, ValueError):
        # It has failed over something that it does not look at.
        return None
    if ours.families == peers.families or _is_known(text, kind, ours, peers):
        return None
    return f"{kind}: {text!r}\n  ours: {ours}\n  peer: {peers}"


def _is_known(text: str, kind: str, ours: Outcome, peers: Outcome) -> bool:
    bare = _QUOTED.sub('""', text)
    if any(pattern.search(bare) for pattern in _MISREAD[kind]):
        return True
    # What only Python takes for digits, blanks or escapes outside of quotes.
    if _ODD_CHARACTERS.search(bare):
        return True
    if ours.families is None:
        return peers.families is not None and _needs_quotes(text, peers.families)
    # Its OpenMetrics parser refuses, without a word, a quoted name that no metadata has announced.
    return (
        kind == "openmetrics" and peers.error is not None and not str(peers.error) and _has_quoted_names(ours.families)
    )


def _has_quoted_names(families: list[Any]) -> bool:
    return not all(is_legacy_metric_name(sample[0]) for family in families for sample in family[-1])


def _needs_quotes(text: str, families: list[Any]) -> bool:
    """Whether the peer took a name without quotes that has to have some, or a label without a name."""
    names = {sample[0] for family in families for sample in family[-1]}
    labels = {label for family in families for sample in family[-1] for label in sample[1] or ()}
    odd = {name for name in names if not is_legacy_metric_name(name)}
    odd |= {label for label in labels if not is_legacy_label_name(label)}
    return any(not name or f'"{escape_value(name)}"' not in text for name in odd)


def _comparable(family: Any) -> tuple[Any, ...]:
    """A family as values that compare: NaN with itself, and both packages' classes."""
    samples = [
        (
            sample.name,
            sample.labels,
            _number(sample.value),
            _time(sample.timestamp),
            _exemplar(sample.exemplar),
            None if sample.native_histogram is None else tuple(map(_number, sample.native_histogram)),
        )
        for sample in family.samples
    ]
    # prometheus_client drops blanks in front of a help text.
    return family.name, family.documentation.lstrip(" "), family.type, family.unit, samples


def _number(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def _time(timestamp: Any) -> Any:
    return (timestamp.sec, timestamp.nsec) if hasattr(timestamp, "nsec") else _number(timestamp)


def _exemplar(exemplar: Any) -> Any:
    return exemplar and (exemplar.labels, _number(exemplar.value), _time(exemplar.timestamp))
