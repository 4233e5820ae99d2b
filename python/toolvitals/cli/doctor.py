"""`toolvitals doctor`: says in plain words what is wrong, and what to do."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import click

from toolvitals.cli import _checks, _folder_checks, _overflow_checks, _record_checks
from toolvitals.cli._facts import SEVERITIES, Facts, Finding, folder_of, gather
from toolvitals.cli._failure import Failure
from toolvitals.cli._options import Seconds, format_option, source_options
from toolvitals.cli._output import OutputError, say
from toolvitals.cli._words import count_of, duration
from toolvitals.sources import Source

__all__ = ["CHECKS", "doctor", "examine"]

CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _checks.check_clock,
    _folder_checks.check_permissions,
    _folder_checks.check_processes,
    _folder_checks.check_dead,
    _folder_checks.check_files,
    _folder_checks.check_retired,
    _folder_checks.check_future,
    _folder_checks.check_layouts,
    _folder_checks.check_versions,
    _record_checks.check_records,
    _record_checks.check_lines,
    _checks.check_dropped,
    _overflow_checks.check_overflow,
    _checks.check_room,
    _checks.check_collectors,
    _checks.check_sharing,
    _checks.check_hanging,
)

_WRONG = 1
_MAX_WIDTH = 100
_FAULTS = ("error", "warning")
_COLORS = {"error": "red", "warning": "yellow", "note": "cyan", "ok": "green"}


@click.command()
@source_options
@format_option("text", "json")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--quiet", "-q", is_flag=True, help="Print what is wrong, and nothing where nothing is.")
@click.option(
    "--hanging-after",
    "hanging_s",
    type=Seconds(0, 1_000_000_000, min_open=True),
    default=300.0,
    metavar="SECONDS",
    help="A call that has been running for so long counts as hanging.  [default: 300]",
)
@click.pass_context
def doctor(
    ctx: click.Context, choose_source: Callable[[], Source], format_: str, as_json: bool, quiet: bool, hanging_s: float
) -> None:
    """Say in plain words what is wrong.

    Exit code: 0 where nothing is, 1 where there are warnings or errors, 2 where it was asked in a wrong way, 3 where
    the service was not reached. It is the same whoever reads the output, and how far: in a pipeline, have the shell
    keep it (set -o pipefail).
    """
    as_json = as_json or format_ == "json"
    title = None
    try:
        source = choose_source()
        title = source.title
        findings, code = _look(source, hanging_s)
    except Failure as failure:
        # Without a source there is nothing to report on, but for programs, which want to read one thing only.
        if not as_json:
            raise
        findings, code = [Finding("reachable", "error", failure.message)], failure.exit_code
    if quiet:
        findings = [finding for finding in findings if finding.severity in _FAULTS]
    try:
        if as_json:
            _print_json(title, findings, code)
        elif findings or not quiet:
            _print(title or "", findings)
        sys.stdout.flush()
    except OutputError as failure:
        # What it found is worth more than where it could not be written. A reader that had enough is no failure, and
        # there is nothing to say of it beside a code that speaks of the service.
        if not failure.by_reader:
            failure.exit_code = code or failure.exit_code
            raise
    ctx.exit(code)


def _look(source: Source, hanging_s: float) -> tuple[list[Finding], int]:
    """What is found, and the exit code."""
    try:
        findings = examine(gather(source, hanging_s))
    except Failure as failure:
        folder = folder_of(source)
        why = [] if folder is None else list(_folder_checks.permissions_of(folder))
        return [Finding("reachable", "error", failure.message), *why], failure.exit_code
    return findings, _WRONG if any(finding.severity in _FAULTS for finding in findings) else 0


def examine(facts: Facts) -> list[Finding]:
    """What all checks find, the worst first."""
    took = duration((facts.seen.answered_at - facts.seen.asked_at).total_seconds())
    found = [Finding("reachable", "ok", f"It answered within {took}.")]
    found += [finding for check in CHECKS for finding in check(facts)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _print_json(title: str | None, findings: Sequence[Finding], code: int) -> None:
    report = {"source": title, "exit_code": code, "findings": [dataclasses.asdict(finding) for finding in findings]}
    say(json.dumps(report, indent=2))


def _print(title: str, findings: Sequence[Finding]) -> None:
    counts = Counter(finding.severity for finding in findings)
    sums = [count_of(counts[severity], severity) for severity in SEVERITIES[:3] if counts[severity]]
    fine = f", {counts['ok']} of {len(findings)} fine" if counts["ok"] else ""
    say(f"{title}: {', '.join(sums) if sums else 'nothing is wrong'}{fine}\n")
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
    for finding in findings:
        head = click.style(f"{finding.severity:8}", fg=_COLORS[finding.severity], bold=finding.severity == "error")
        text = _wrapped(f"{finding.check}: {finding.text}", width)
        say(f"{head} {text}")
        if finding.advice is not None:
            say(f"{'':8} {click.style(_wrapped(f'What to do: {finding.advice}', width), dim=True)}")


def _wrapped(text: str, width: int) -> str:
    """The text in lines that stand right of the severity."""
    return f"\n{'':9}".join(textwrap.wrap(text, max(width - 9, 20), break_on_hyphens=False))
