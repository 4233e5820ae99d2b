"""Why a file among the shared segments is not read: the core's words, and what they mean."""

from __future__ import annotations

from typing import NamedTuple

from toolvitals.cli._facts import Severity
from toolvitals.cli._words import printable

__all__ = ["LAYOUT", "Reason", "reason_of"]

# The reason that is about versions and not about a file.
LAYOUT = "version"


class Reason(NamedTuple):
    """How bad it is, what is wrong with the file, and what to do."""

    severity: Severity
    words: str
    advice: str


_DAMAGED = (
    "Keep a copy for a report, and remove it when its process has ended. Segments are damaged by a failing disk, or by "
    "another program that writes to the folder."
)
_STRANGE = "Keep nothing else in the folder, and move it away."
_OWN_FOLDER = "Give each service, and each user, a folder of its own."

_REASONS = {
    "empty": Reason("error", "is empty", _DAMAGED),
    "truncated": Reason("error", "was cut off", _DAMAGED),
    "magic": Reason("error", "does not begin as a segment does", _DAMAGED),
    "header": Reason("error", "has a damaged header", _DAMAGED),
    "unreadable": Reason("error", "cannot be read from the disk", "Look in the system's log for errors of the disk."),
    "unmapped": Reason("error", "finds no room in memory", "Free address space, or raise the limit (ulimit -v)."),
    LAYOUT: Reason(
        "warning",
        "has the layout of another version of toolvitals",
        "Run one version in all processes of the service, and restart those with the other one.",
    ),
    "symlink": Reason("warning", "is a symbolic link", _STRANGE),
    "irregular": Reason("warning", "is no regular file", _STRANGE),
    "junk": Reason("warning", "is none of toolvitals", _STRANGE),
    "foreign": Reason("warning", "belongs to another user", _OWN_FOLDER),
    "service": Reason("warning", "belongs to another service", _OWN_FOLDER),
    "bounds": Reason("warning", "has other bounds of its histograms", "Set the same bounds in all processes."),
}


def reason_of(name: str | None, state: str) -> Reason:
    """What is known of a reason; one that is not known here is given as it is, and as bad as `state` sounds."""
    if name in _REASONS:
        return _REASONS[name]
    words = f"is {state} ({printable(name)})" if name else f"is {state}"
    return Reason("error", words, _DAMAGED) if state == "refused" else Reason("warning", words, _STRANGE)
