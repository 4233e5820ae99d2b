"""toolvitals.catalogue, the table itself; tests/interop/test_exposed_families.py holds it against endpoints."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from child import result_of
from programs import imports

from toolvitals import catalogue

ROOT = Path(__file__).resolve().parents[2]


def test_reading_it_loads_nothing_that_records() -> None:
    assert result_of(imports.read_the_catalogue) == [len(catalogue.FAMILIES), []]


def test_no_two_families_have_a_sample_in_common() -> None:
    names = [name for family in catalogue.FAMILIES for name in family.sample_names]
    assert len(names) == len(set(names))


def test_entries_are_as_the_conventions_have_them() -> None:
    for family in catalogue.FAMILIES:
        assert family.help
        assert family.meaning
        assert family.group in catalogue.GROUPS
        assert not family.unit or family.name.endswith(f"_{family.unit}"), family.name
        assert not family.name.endswith(("_total", "_info")), family.name
        assert family.help[0].isupper()
    groups = [family.group for family in catalogue.FAMILIES]
    assert list(dict.fromkeys(groups)) == list(catalogue.GROUPS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue.FAMILIES[0].name = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "namespace", "found"),
    [
        ("tool_calls", "", "tool_calls"),
        ("tool_calls_total", "", "tool_calls"),
        ("tool_call_duration_seconds_bucket", "", "tool_call_duration_seconds"),
        ("python_info", "", "python"),
        ("shop_tool_calls_total", "shop", "tool_calls"),
        ("shop_cache_hit_ratio", "shop", "cache_hit_ratio"),
        ("process_threads", "shop", "process_threads"),
        ("toolvitals_build_info", "shop", "toolvitals_build"),
        # A namespace belongs to the families of tools and caches, and those to it.
        ("tool_calls_total", "shop", None),
        ("shop_process_threads", "shop", None),
        ("shop_tool_calls_total", "", None),
        ("orders_total", "", None),
        ("", "", None),
    ],
)
def test_a_name_finds_its_family(name: str, namespace: str, found: str | None) -> None:
    family = catalogue.find(name, namespace)
    assert (family and family.name) == found


def test_the_pages_are_made_from_it() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "write_families.py"), "--check"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, f"`make docs` writes this:\n{finished.stdout}{finished.stderr}"
    page = (ROOT / "docs" / "reference" / "prometheus-families.md").read_text(encoding="utf-8")
    # A group without a table would not be missed by --check.
    for family in catalogue.FAMILIES:
        assert f"| `{family.exposed_name}` | {family.type} |" in page
