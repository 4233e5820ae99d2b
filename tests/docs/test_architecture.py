"""docs/explanation/architecture.md: it knows every floor of the core, and the names it gives each are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
_, _, TABLE = PAGE.partition("| floor | public names |")
ROWS = [row.strip("| ").split(" | ") for row in TABLE.partition("\n\n")[0].splitlines()[2:]]
FLOORS = {floor.strip("`"): re.findall(r"`([A-Z]\w+)`", names) for floor, names in ROWS}


def test_every_floor_has_a_row() -> None:
    assert set(FLOORS) == {lists.parent.name for lists in (ROOT / "cpp").glob("*/CMakeLists.txt")}


@pytest.mark.parametrize("floor", FLOORS)
def test_public_names_are_in_the_headers(floor: str) -> None:
    headers = "".join(header.read_text(encoding="utf-8") for header in (ROOT / "cpp" / floor).glob("*.h"))
    for name in FLOORS[floor]:
        assert re.search(rf"(?m)^(?:class|struct|using)\b[^;{{]*\b{name}\b", headers), f"cpp/{floor} has no {name}"
