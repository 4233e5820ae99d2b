"""What `doctor` judges: everything that was seen, as values, and what it finds in them."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import stat
from collections.abc import Mapping
from typing import Literal

import toolvitals
from toolvitals.cli._source import DirectorySource, Reading, Source
from toolvitals.settings import Settings

__all__ = ["SEVERITIES", "Facts", "Finding", "Folder", "Limits", "Severity", "folder_of", "gather"]

Severity = Literal["error", "warning", "note", "ok"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note", "ok")

_OWN_SAMPLE = re.compile(rb"^(toolvitals_\w+) (\S+)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was found. `check` names the check; `advice` is what to do, where there is something to do."""

    check: str
    severity: Severity
    text: str
    advice: str | None = None


@dataclasses.dataclass(frozen=True)
class Limits:
    """What to measure by. The first two are this environment's; a process may have been told others."""

    max_series: int = 10_000
    memory_bytes: int = 64 * 1024 * 1024
    hanging_s: float = 300.0


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder's permissions: `mode` without the type of file, whose it is, and who looks."""

    path: str
    mode: int
    owner: int
    we: int


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that is judged. `own_counts` are the samples without labels by which toolvitals tells of itself."""

    reading: Reading
    version: str
    limits: Limits = Limits()
    own_counts: Mapping[str, float] = dataclasses.field(default_factory=dict)
    folder: Folder | None = None


def gather(source: Source, hanging_s: float, environ: Mapping[str, str]) -> Facts:
    """Looks at the source. Failure where that is not possible."""
    settings = Settings.tolerant(environ)
    return Facts(
        reading=source.read(),
        version=toolvitals.__version__,
        limits=Limits(settings.max_series, settings.memory_limit_mb * 1024 * 1024, hanging_s),
        own_counts=_own_counts(source.body("prometheus")),
        folder=folder_of(source),
    )


def _own_counts(text: bytes) -> dict[str, float]:
    counts = {}
    for name, value in _OWN_SAMPLE.findall(text):
        try:
            count = float(value)
        except ValueError:
            continue
        if math.isfinite(count):
            counts[name.decode()] = count
    return counts


def folder_of(source: Source) -> Folder | None:
    """The permissions of a source that is a folder; None of others, and of one that is gone."""
    if not isinstance(source, DirectorySource):
        return None
    try:
        status = os.stat(source.path)
    except OSError:
        return None
    # That files of a folder get its group, as in mounts of containers, lets nobody in.
    return Folder(source.path, stat.S_IMODE(status.st_mode) & ~stat.S_ISGID, status.st_uid, os.geteuid())
