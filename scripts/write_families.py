#!/usr/bin/env python3
"""Writes the tables of families in the reference pages, from toolvitals.catalogue; --check says whether they are so.

A table stands between `<!-- families: GROUP -->` and `<!-- end of families -->`, and is all that is changed of a page.
"""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path

from toolvitals import catalogue

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "docs" / "reference" / name for name in ("prometheus-families.md", "ipc-protocol.md")]
TABLE = re.compile(r"(<!-- families: (\w+) -->\n).*?(<!-- end of families -->)", re.DOTALL)
COLUMNS = ("family", "type", "unit", "labels", "meaning", "there with", "stability")
HEAD = f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}\n"


def label(one: catalogue.Label) -> str:
    """A label with its values, where they are known."""
    values = f" = {', '.join(one.values)}" if one.values else ""
    return f"`{one.name}`{values}{'' if one.always else ' in a shared directory'}"


def row(family: catalogue.OwnFamily) -> str:
    """A family as a row of the table."""
    labels = "; ".join(map(label, family.labels)) + ("; those of `--label`" if family.operation_labels else "")
    cells = (f"`{family.exposed_name}`", family.type, family.unit, labels, family.meaning, family.setting)
    return f"| {' | '.join((*cells, family.stability))} |\n".replace("|  |", "| |").replace("|  |", "| |")


def written(page: str) -> str:
    """The page with its tables as the catalogue has them."""

    def table(found: re.Match[str]) -> str:
        rows = "".join(row(family) for family in catalogue.FAMILIES if family.group == found[2])
        return f"{found[1]}\n{HEAD}{rows}\n{found[3]}"

    return TABLE.sub(table, page)


def main() -> int:
    """1 where --check finds a page that is otherwise."""
    check = sys.argv[1:] == ["--check"]
    wrong = False
    for path in PAGES:
        before = path.read_text(encoding="utf-8")
        after = written(before)
        if check and before != after:
            wrong = True
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), str(path)))
        elif before != after:
            path.write_text(after, encoding="utf-8")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
