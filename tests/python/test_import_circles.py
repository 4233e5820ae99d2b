"""The imports of python/toolvitals go round in no circle, and every part of it has a floor."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

import pytest
from python_floors import floor_of, imports_of, module_of, part_of, private_uses_of

ROOT = Path(__file__).resolve().parents[2]

# Imports inside a function that a circle may go through, and why.
ALLOWED: dict[tuple[str, str], str] = {}


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "python" / "toolvitals").rglob("*.py*")):
        if path.suffix not in {".py", ".pyi"}:
            continue
        yield module_of(PurePosixPath(path.relative_to(ROOT))), path.read_text(encoding="utf-8")


def graph(files: dict[str, str]) -> dict[str, set[str]]:
    """Whom each module imports. A package that is imported for its modules is no edge of its own."""
    edges: dict[str, set[str]] = {}
    for module, source in files.items():
        targets = {found.target if found.target in files else found.module for found in imports_of(source)}
        edges[module] = {
            target for target in targets if target in files and target != module and (module, target) not in ALLOWED
        }
    return edges


def circle(files: dict[str, str]) -> list[str]:
    try:
        TopologicalSorter(graph(files)).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_import_leads_back_to_where_it_came_from() -> None:
    found = circle(dict(sources()))
    assert not found, "a circle of imports: " + " <- ".join(found) + "; move the shared part down, or pass it in"


@pytest.mark.parametrize("inner", ["    pass\nfrom toolvitals import b", "    import toolvitals.b"])
def test_a_circle_is_found(inner: str) -> None:
    files = {"toolvitals.a": f"def f():\n{inner}", "toolvitals.b": "if TYPE_CHECKING:\n    from toolvitals.a import f"}
    assert set(circle(files)) == set(files)


def test_every_part_has_a_floor() -> None:
    homeless = sorted({part for module, _ in sources() if floor_of(part := part_of(module)) < 0})
    assert not homeless, f"{homeless} stand on no floor: give each a place in PYTHON_FLOORS of python_floors.py"


def test_every_exception_is_needed() -> None:
    imported = {(module, found.target) for module, source in sources() for found in imports_of(source)}
    assert set(ALLOWED) <= imported


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from toolvitals.ipc._sender import Sender", "toolvitals.ipc._sender._sender"),
        ("from toolvitals.ipc.client import _clients", "toolvitals.ipc.client._clients"),
        ("from toolvitals.ipc import client\nclient._clients.clear()", "client._clients"),
        ("from toolvitals import _backend\n_backend._applied", "_backend._applied"),
    ],
)
def test_a_private_name_of_another_part_is_found(source: str, name: str) -> None:
    assert [found for _, found in private_uses_of("toolvitals.cli.top", source)] == [name]


def test_what_is_no_private_name_of_another_part_passes() -> None:
    source = "from toolvitals import _backend\nfrom toolvitals.cli._table import table\n_backend.core.__name__"
    assert not list(private_uses_of("toolvitals.cli.top", source))
