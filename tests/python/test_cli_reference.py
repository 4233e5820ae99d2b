"""docs/reference/command-line.md: it knows every command, option, check and key that there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from toolvitals.cli import _checks, _folder_checks, _overflow_checks, _record_checks, doctor
from toolvitals.cli.group import COMMANDS
from toolvitals.cli.snapshot import snapshot
from toolvitals.cli.top import _SORT_KEYS, top

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")


def in_tables(column: str) -> set[str]:
    """What stands in the first cells of the table that this heading begins."""
    _, _, rest = REFERENCE.partition(f"| {column} |")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


def test_every_command_is_there() -> None:
    assert {name.split()[1] for name in in_tables("command")} == {*COMMANDS, "--version"}


@pytest.mark.parametrize("command", [top, snapshot, doctor.doctor], ids=lambda command: command.name)
def test_every_option_is_there(command: click.Command) -> None:
    for option in command.params:
        for name in (*option.opts, *option.secondary_opts):
            assert f"`{name}" in REFERENCE, f"{command.name} {name}"


def test_every_check_and_every_key_is_there() -> None:
    sources = "".join(
        Path(module.__file__ or "").read_text()
        for module in (_checks, _folder_checks, _overflow_checks, _record_checks, doctor)
    )
    assert in_tables("check") == set(re.findall(r'Finding\(\s*"([a-z-]+)"', sources))
    assert set(_SORT_KEYS) < in_tables("key")
