"""The checks of a folder that processes share, and of the versions they run: from facts to findings. All are pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from toolvitals.cli._facts import Facts, Finding, Folder
from toolvitals.cli._reasons import LAYOUT, reason_of
from toolvitals.cli._words import count_of, duration, printable
from toolvitals.sources import Segment

__all__ = [
    "check_dead",
    "check_files",
    "check_future",
    "check_layouts",
    "check_permissions",
    "check_processes",
    "check_retired",
    "check_versions",
    "permissions_of",
]

_FUTURE_TOLERANCE_S = 2.0
_NAMES_SHOWN = 5
_PRIVATE = 0o700
# The core's name for the file with the counts of all processes that ended.
_RETIRED = "retired"


def check_permissions(facts: Facts) -> Iterator[Finding]:
    """Whether the folder is its owner's alone, and whether the owner is who looks."""
    if facts.folder is not None:
        yield from permissions_of(facts.folder)


def permissions_of(folder: Folder) -> Iterator[Finding]:
    """The same of a folder that may not have been read."""
    path = printable(folder.path)
    fine = True
    if folder.owner != folder.we:
        fine = False
        yield Finding(
            "permissions",
            "warning",
            f"The folder belongs to user {folder.owner}, and you are user {folder.we}.",
            "Look as the user that the service runs as; a process of another user cannot share the folder.",
        )
    if folder.mode & 0o022:
        fine = False
        yield Finding(
            "permissions",
            "error",
            f"Others may write to the folder (mode {folder.mode:04o}), and so remove what processes counted.",
            f"chmod 0700 {path}",
        )
    elif folder.mode != _PRIVATE:
        fine = False
        yield Finding(
            "permissions",
            "warning",
            f"The folder has mode {folder.mode:04o} instead of 0700.",
            f"chmod 0700 {path}",
        )
    if fine:
        yield Finding("permissions", "ok", "The folder is yours alone.")


def check_processes(facts: Facts) -> Iterator[Finding]:
    """Whether there is any process to show."""
    if not facts.seen.of_directory:
        return
    live = len(_of_state(facts, "live"))
    ended = count_of(facts.snapshot.own.retired_processes, "process", "processes")
    if live:
        yield Finding(
            "processes", "ok", f"{count_of(live, 'process', 'processes')} of the service now, and {ended} before."
        )
    else:
        yield Finding(
            "processes",
            "note",
            f"No process of the service runs now; what {ended} counted is there.",
            "If one should run: does it call start(), and has it this folder as its TOOLVITALS_DIR?",
        )


def check_dead(facts: Facts) -> Iterator[Finding]:
    """Segments of processes that ended and that nobody has put to the others yet.

    Never a warning: a pool of workers that has just ended leaves some, and a check by a timer would raise an alarm over
    it. Nothing is wrong with them, for they are counted as they lie.
    """
    if not facts.seen.of_directory:
        return
    dead = _of_state(facts, "dead")
    if not dead:
        yield Finding("dead-segments", "ok", "Nothing is left of processes that ended.")
        return
    pids = _shown(str(segment.pid) for segment in dead)
    yield Finding(
        "dead-segments",
        "note",
        f"{count_of(len(dead), 'process', 'processes')} ended and left a segment (pid {pids}). "
        "What they recorded is counted.",
        "The next process that starts, or the next scrape of a live one, puts it to those that ended before. If it is "
        "still here then, see whether the live processes may write to the folder; if the process should not have "
        "ended, look in its log and the system's for a crash or an out-of-memory kill.",
    )


def check_files(facts: Facts) -> Iterator[Finding]:
    """Files among the segments that are not read. An endpoint tells how many, a folder also which."""
    found: Counter[tuple[str, str | None]] = Counter()
    for segment in _of_state(facts, "refused") + _of_state(facts, "foreign"):
        if segment.name != _RETIRED:
            found[segment.state, segment.reason] += 1
    refused = facts.snapshot.own.refused_segments
    if not facts.seen.of_directory:
        found.update({("refused", reason): files for reason, files in refused.items() if files})
    for (state, name), files in sorted(found.items(), key=lambda one: (one[0][0], one[0][1] or "")):
        reason = reason_of(name, state)
        which = _shown(s.name for s in _of_state(facts, state) if s.reason == name)
        text = f"{count_of(files, 'file')} among the segments {'is' if files == 1 else 'are'} not counted"
        yield Finding(
            "layouts" if name == LAYOUT else "files",
            reason.severity,
            f"{text}, for {'it' if files == 1 else 'each'} {reason.words}{f': {which}' if which else '.'}",
            reason.advice,
        )
    if not found and facts.seen.of_directory:
        yield Finding("files", "ok", "Every file of the folder is the service's and can be read.")


def check_layouts(facts: Facts) -> Iterator[Finding]:
    """Segments of other layouts, which processes of one version cannot read of the other."""
    layouts = Counter(segment.layout_version for segment in _segments(facts) if segment.layout_version is not None)
    if not layouts:
        return
    if len(layouts) == 1:
        yield Finding("layouts", "ok", f"All segments have layout {next(iter(layouts))}.")
        return
    parts = ", ".join(f"{count_of(number, 'segment')} of layout {layout}" for layout, number in sorted(layouts.items()))
    yield Finding(
        "layouts",
        "warning",
        f"The segments are of different layouts, and no process counts those of another than its own: {parts}.",
        "Run one version of toolvitals in all processes of the service, and restart those with the older one.",
    )


def check_versions(facts: Facts) -> Iterator[Finding]:
    """Different versions of toolvitals: among the live processes, and against this command's."""
    if facts.seen.of_directory:
        live = _of_state(facts, "live")
    else:
        version = facts.snapshot.own.version
        live = [Segment("", 0, "live", version=version)] if version else []
    versions = Counter(segment.version for segment in live if segment.version is not None)
    if len(versions) > 1:
        parts = ", ".join(f"{printable(version)} in {number}" for version, number in sorted(versions.items()))
        yield Finding(
            "versions",
            "warning",
            f"The processes run different versions of toolvitals: {parts}.",
            "Restart the processes with the older one. During a deployment this is as it should be.",
        )
    elif versions and facts.version not in versions:
        yield Finding(
            "versions",
            "note",
            f"The service has toolvitals {printable(next(iter(versions)))}, and this command is of {facts.version}.",
            "Use the command of the service's environment if something is not shown.",
        )
    elif versions:
        yield Finding("versions", "ok", f"Everything runs toolvitals {facts.version}.")


def check_retired(facts: Facts) -> Iterator[Finding]:
    """The file with the counts of all processes that ended: one, and one that can be used."""
    for segment in _of_state(facts, "refused"):
        if segment.name == _RETIRED:
            reason = reason_of(segment.reason, segment.state)
            yield Finding(
                "retired-file",
                "error",
                f"The counts of processes that ended are not shown, for their file {reason.words}: {_RETIRED}",
                "Was the folder copied, or restored from a backup? Stop the service, move the file away, and start "
                "again; totals then begin with what the live processes have.",
            )
    retired = _of_state(facts, "retired")
    if len(retired) > 1:
        yield Finding(
            "retired-file",
            "error",
            f"There is more than one file with the counts of processes that ended: "
            f"{_shown(_named(segment) for segment in retired)}",
            "Was the folder merged with another one? Keep the file of this service, and move the others away.",
        )


def check_future(facts: Facts) -> Iterator[Finding]:
    """Segments that say they were made after now."""
    now = facts.seen.answered_at.timestamp()
    late = [segment for segment in _segments(facts) if segment.created_unix > now + _FUTURE_TOLERANCE_S]
    if late:
        ahead = duration(max(segment.created_unix for segment in late) - now)
        yield Finding(
            "future",
            "warning",
            f"{count_of(len(late), 'segment')} {'was' if len(late) == 1 else 'were'} made in the future, by up to "
            f"{ahead}: {_shown(_named(segment) for segment in late)}",
            "The clock was set back since, or the folder is another machine's. Set the clock by NTP, and keep the "
            "folder on a disk of this machine.",
        )


def _segments(facts: Facts) -> tuple[Segment, ...]:
    return facts.seen.segments or ()


def _of_state(facts: Facts, state: str) -> list[Segment]:
    return [segment for segment in _segments(facts) if segment.state == state]


def _named(segment: Segment) -> str:
    """By its name where it has one, else by its process."""
    return segment.name or f"that of process {segment.pid}"


def _shown(names: Iterator[str]) -> str:
    """The first few names, and how many more there are."""
    all_names = [printable(name) for name in names]
    more = len(all_names) - _NAMES_SHOWN
    return ", ".join(all_names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
