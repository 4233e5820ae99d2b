"""The checks of what was recorded: what there is, and what a metrics server could not take. All are pure."""

from __future__ import annotations

from collections.abc import Iterator

from toolvitals.cli._facts import Facts, Finding
from toolvitals.cli._instruments import instrument_rows, operation_rows, received_lines
from toolvitals.cli._rows import Look
from toolvitals.cli._words import count_of, printable

__all__ = ["check_lines", "check_records"]

_ACCEPTED = "accepted"
_LIMITS = "Keep to the limits of the protocol (docs/reference/ipc-protocol.md)"
_FORM = "Write each line as the protocol has it (docs/reference/ipc-protocol.md)"

# What became of a line: what was wrong with it, and what to do.
_LINES = {
    "line_too_long": ("longer than 64 KiB", _LIMITS),
    "incomplete_line": (
        "cut off by the end of their connection",
        "End each line with a line feed before the socket closes",
    ),
    "no_memory": ("too many for the memory there is", "Raise METRICS_MEMORY_LIMIT_MB of the server"),
    "encoding": ("not UTF-8", _FORM),
    "json": ("not JSON", _FORM),
    "not_object": ("JSON, but no object", _FORM),
    "too_deep": ("nested too deep", _LIMITS),
    "duplicate_field": ("with a field twice", _FORM),
    "version": ("of another version of the protocol", "Send version 1, or leave the version out"),
    "kind": ("of no kind, or of several", "Give exactly one of operation_type, counter, gauge and observe"),
    "missing_field": ("without a field that is required", _FORM),
    "type": ("with a field of another type", _FORM),
    "number": ("with a number out of its range", _LIMITS),
    "name": ("with a name that is none", "Name metrics by ASCII letters, digits, underscores and colons"),
    "labels": ("with labels that are none", _LIMITS),
    "timestamp": ("with a time that is none, or an end before the start", "Write times as RFC 3339, with a zone"),
    "conflict": (
        "in conflict with a metric of that name",
        "Send a metric always with the same type and the same label names, under a name that nothing else has",
    ),
    "families": (
        "of more metrics than there may be",
        "Name metrics by what is measured, and tell things apart by labels",
    ),
}


def check_records(facts: Facts) -> Iterator[Finding]:
    """What there is to see, of every kind."""
    look = Look(facts.seen, 0.0)
    tools, caches = facts.snapshot.tools, facts.snapshot.caches
    operations, instruments = operation_rows(look, None), instrument_rows(look, None)
    found = [
        _kind(len(tools), "tool", "tools", sum(one.total_calls for one in tools.values()), "call"),
        _kind(len(caches), "cache", "caches", sum(one.total_requests for one in caches.values()), "request"),
        _kind(
            len(operations),
            "type of operation",
            "types of operation",
            sum(row.calls for row in operations),
            "operation",
        ),
        _kind(len(instruments), "instrument", "instruments", sum(row.series for row in instruments), "label set"),
    ]
    there = [kind for kind in found if kind]
    if there:
        shown = " and ".join(filter(None, [", ".join(there[:-1]), there[-1]]))
        yield Finding("records", "ok", f"There {'is' if shown.startswith('1 ') else 'are'} {shown}.")
    else:
        yield Finding(
            "records",
            "note",
            "Nothing was recorded yet.",
            "Is this the service that you mean? A program records what it decorates with @tool, and its instruments; "
            "a metrics server takes records over --socket.",
        )


def check_lines(facts: Facts) -> Iterator[Finding]:
    """Lines that a metrics server was sent and could not take."""
    lines = received_lines(facts.snapshot)
    if not lines:
        return
    bad = {result: number for result, number in lines.items() if number and result != _ACCEPTED}
    for result, number in bad.items():
        what, advice = _LINES.get(result, (f"refused as {printable(result)}", _FORM))
        yield Finding(
            "lines",
            "warning",
            f"{count_of(number, 'line')} of other programs {'was' if number == 1 else 'were'} not taken: {what}.",
            f"{advice}.",
        )
    if not bad:
        yield Finding("lines", "ok", f"The server took every line: {count_of(lines.get(_ACCEPTED, 0), 'line')}.")


def _kind(things: int, noun: str, plural: str, records: int, record: str) -> str:
    return f"{count_of(things, noun, plural)} ({count_of(records, record)})" if things else ""
