"""docs/explanation/architecture.md: it knows every floor of the core and the package, and its names are there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from python_floors import PYTHON_FLOORS, floor_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
_, _, TABLE = PAGE.partition("| floor | public names |")
ROWS = [row.strip("| ").split(" | ") for row in TABLE.partition("\n\n")[0].splitlines()[2:]]
FLOORS = {floor.strip("`"): re.findall(r"`([A-Z]\w+)`", names) for floor, names in ROWS}
# The drawing of the two ways, and what stands behind a floor's name in it.
WALK = PAGE.partition("```")[2].partition("```")[0]
WALKED = re.findall(r"\b([a-z]+) {2,}([^▲│\n]*[^▲│\s])", WALK)
PACKAGE = ROOT / "python" / "toolvitals"


def python_rows() -> list[tuple[int, list[str], str]]:
    """The floor, the modules and packages, and the names of each row of the package's table."""
    _, _, table = PAGE.partition("| floor | module or package |")
    rows, floor = [], 0
    for line in table.partition("\n\n")[0].splitlines()[2:]:
        number, parts, _, names = (cell.strip() for cell in line.strip("|").split(" | "))
        floor = int(number or floor)
        rows.append((floor, re.findall(r"`(\w+)`", parts), names))
    return rows


def test_every_floor_has_a_row() -> None:
    assert set(FLOORS) == {lists.parent.name for lists in (ROOT / "cpp").glob("*/CMakeLists.txt")}


@pytest.mark.parametrize("floor", FLOORS)
def test_public_names_are_in_the_headers(floor: str) -> None:
    for name in FLOORS[floor]:
        assert has(floor, name), f"cpp/{floor} has no {name}"


def has(floor: str, name: str) -> bool:
    headers = "".join(header.read_text(encoding="utf-8") for header in (ROOT / "cpp" / floor).glob("*.h"))
    return bool(re.search(rf"(?m)^(?:class|struct|using)\b[^;{{]*\b{name}\b", headers))


def test_the_walk_goes_over_floors_that_are_there() -> None:
    down = {"bindings", "collector", "registry", "metrics", "store"}
    assert {floor for floor, _ in WALKED} == down | {"fleet", "snapshot", "model", "render", "serve"}
    for floor, said in WALKED:
        for name in re.findall(r"\b[A-Z]\w+", said.partition(":")[0]):
            assert has(floor, name), f"the walk says {name}, which cpp/{floor} does not have"


def test_every_module_and_package_has_a_row() -> None:
    named = [part for _, parts, _ in python_rows() for part in parts]
    assert len(named) == len(set(named))
    there = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(named) == there | {"_core", "_push"}


def test_they_stand_where_the_page_says() -> None:
    for floor, parts, _ in python_rows():
        assert [floor_of(part) for part in parts] == [floor] * len(parts), parts


def test_the_names_of_a_module_are_there() -> None:
    for _, parts, names in python_rows():
        for name in re.findall(r"`([\w.]+)`", names):
            if name.startswith("_"):
                assert (PACKAGE / name).exists()
                continue
            module, _, attribute = name.rpartition(".")
            homes = [importlib.import_module(f"toolvitals.{part}" + (f".{module}" if module else "")) for part in parts]
            assert any(hasattr(home, attribute) for home in homes), f"{parts} have no {name}"


def test_what_is_planned_has_a_floor() -> None:
    planned = re.findall(
        r"((?:`\w+`(?:, | and )?)+) on (\d)", PAGE.partition("that are planned:")[2].partition(". ")[0]
    )
    floors = {part: int(floor) for parts, floor in planned for part in re.findall(r"`(\w+)`", parts)}
    assert len(floors) == 8
    assert all(part in PYTHON_FLOORS[floor] for part, floor in floors.items())


def test_new_things_go_to_places_that_are_there_or_planned() -> None:
    _, _, table = PAGE.partition("## Where something new goes")
    folders = re.findall(r"`((?:cpp|python)/[\w/]+)", table.partition("\n## ")[0])
    assert len(folders) > 10
    for folder in folders:
        part = Path(folder).name
        assert (ROOT / folder).exists() or floor_of(part) >= 0, f"{folder} is no place"
