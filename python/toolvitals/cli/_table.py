"""Tables that fit: columns leave a narrow terminal by rank, and rows a low one by share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

__all__ = ["NONE", "Column", "fitting", "share", "table"]

NONE = "-"
_GAP = 2
_MIN_FIRST = 8
_ENOUGH_FIRST = 24

Row = TypeVar("Row")


@dataclasses.dataclass(frozen=True)
class Column(Generic[Row]):
    """A heading and what stands below it. Columns with a larger rank leave first; the first one never does.

    `style` is rich's, for cells that deserve attention; `left` is for texts.
    """

    heading: str
    cell: Callable[[Row], str]
    rank: int
    style: Callable[[Row], str] = lambda _: ""
    left: bool = False
    max_width: int = 1000

    def width(self, rows: Sequence[Row]) -> int:
        """How wide it wants to be, in cells of the terminal."""
        return min(max(cell_len(text) for text in (self.heading, *map(self.cell, rows))), self.max_width)


def fitting(columns: Sequence[Column[Row]], rows: Sequence[Row], width: int) -> list[Column[Row]]:
    """The columns that there is room for, in their order; those that say nothing of any row are left out."""
    first, *rest = columns
    left = width - min(first.width(rows), _ENOUGH_FIRST)
    kept = {first.heading}
    for column in sorted(rest, key=lambda column: column.rank):
        if rows and all(column.cell(row) == NONE for row in rows):
            continue
        left -= column.width(rows) + _GAP
        if left < 0:
            break
        kept.add(column.heading)
    return [column for column in columns if column.heading in kept]


def share(height: int, wanted: Sequence[int]) -> list[int]:
    """How many rows each table gets of `height`: three at least where it has them and there is room, then by order."""
    given = [0] * len(wanted)
    for least in (1, 3, max(wanted, default=0)):
        for index, rows in enumerate(wanted):
            more = min(max(min(rows, least) - given[index], 0), height)
            given[index] += more
            height -= more
    return given


def table(columns: Sequence[Column[Row]], rows: Sequence[Row], width: int) -> Table:
    """The rows as a table of at most that width."""
    kept = fitting(columns, rows, width)
    others = sum(column.width(rows) + _GAP for column in kept[1:])
    first_width = min(kept[0].width(rows), max(width - others, _MIN_FIRST), width)
    result = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for index, column in enumerate(kept):
        result.add_column(
            Text(column.heading),
            justify="left" if column.left else "right",
            no_wrap=True,
            width=first_width if index == 0 else column.width(rows),
        )
    for row in rows:
        result.add_row(
            *(
                Text(_cut(column.cell(row), first_width if index == 0 else column.width(rows)), column.style(row))
                for index, column in enumerate(kept)
            )
        )
    return result


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1).rstrip()}…"
