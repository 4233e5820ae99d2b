"""What `doctor` judges: everything that was seen, as values, and what it finds in them."""

from __future__ import annotations

import dataclasses
import os
import stat
from typing import Literal

import toolvitals
from toolvitals.cli._source import failing
from toolvitals.snapshot import Snapshot
from toolvitals.sources import Directory, Observation, Source, locate

__all__ = ["SEVERITIES", "Facts", "Finding", "Folder", "Severity", "folder_of", "gather"]

Severity = Literal["error", "warning", "note", "ok"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note", "ok")


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was found. `check` names the check; `advice` is what to do, where there is something to do."""

    check: str
    severity: Severity
    text: str
    advice: str | None = None


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder's permissions: `mode` without the type of file, whose it is, and who looks."""

    path: str
    mode: int
    owner: int
    we: int


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that is judged. A call that has been running for `hanging_s` seconds counts as hanging."""

    seen: Observation
    version: str
    hanging_s: float = 300.0
    folder: Folder | None = None

    @property
    def snapshot(self) -> Snapshot:
        """What was seen."""
        return self.seen.snapshot

    @property
    def of_several(self) -> bool:
        """Whether several processes are shown, each of which has limits of its own."""
        return self.seen.of_directory or self.snapshot.own.live_processes > 1


def gather(source: Source, hanging_s: float) -> Facts:
    """Looks at the source. Failure where that is not possible."""
    with failing():
        seen = source.observe()
    return Facts(seen, toolvitals.__version__, hanging_s, folder_of(source))


def folder_of(source: Source) -> Folder | None:
    """The permissions of a source that is a folder; None of others, of one that is gone, and of a folder of everybody's
    in which this user's own, whose permissions count, is not there."""
    if not isinstance(source, Directory):
        return None
    own = locate(source.path)
    if own != source.path and os.path.basename(own) != os.path.basename(source.path):
        return None
    try:
        status = os.stat(source.path)
    except OSError:
        return None
    # That files of a folder get its group, as in mounts of containers, lets nobody in.
    return Folder(source.path, stat.S_IMODE(status.st_mode) & ~stat.S_ISGID, status.st_uid, os.geteuid())
