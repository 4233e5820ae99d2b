"""_noop is the twin of the core: made from its stub, and held against the stub and the core itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toolvitals import _core, _noop
from toolvitals.testing import isolated

ROOT = Path(__file__).resolve().parents[2]
STUB = ROOT / "python" / "toolvitals" / "_core.pyi"

# What the stub leaves open: names of the module, and that an async function gives an awaitable.
ALLOWED = ["noop_twin.__all__", "noop_twin.Track.__aenter__", "noop_twin.Track.__aexit__"]


def test_it_is_what_the_stub_makes_of_it() -> None:
    made = subprocess.run([sys.executable, str(ROOT / "scripts" / "write_noop.py"), "--check"])
    assert made.returncode == 0, "the stub of the core changed: run scripts/write_noop.py"


def test_its_names_and_signatures_are_the_stubs(tmp_path: Path) -> None:
    # By a judge that is not ours, which imports a module of the stub's name.
    (tmp_path / "noop_twin.pyi").write_text(STUB.read_text(encoding="utf-8"), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("programs") / "noop_twin.py", tmp_path)
    (tmp_path / "allowed").write_text("\n".join(ALLOWED), encoding="utf-8")
    command = [sys.executable, "-m", "mypy.stubtest", "noop_twin", "--ignore-disjoint-bases", "--allowlist", "allowed"]
    judged = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def members(kind: type) -> set[str]:
    """The methods and properties of a class of the core's or ours, without what every class has."""
    found = {name for base in kind.__mro__ if base is not object for name in vars(base)}
    return {name for name in found - set(dir(object)) if not name.startswith("_pybind11_")}


CLASSES = sorted(name for name in dir(_core) if isinstance(getattr(_core, name), type))


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_what_the_cores_has(name: str) -> None:
    bookkeeping = {"__dict__", "__weakref__", "__module__", "__slots__", "__annotations__"}
    assert members(getattr(_core, name)) - bookkeeping <= members(getattr(_noop, name))


def test_the_module_has_what_the_core_has() -> None:
    public = {name for name in dir(_core) if not name.startswith("_")}
    assert public == set(_noop.__all__)
    assert _noop.__version__ == _core.__version__
    constants = [name for name in public if isinstance(getattr(_core, name), int)]
    assert {name: getattr(_core, name) for name in constants} == {name: getattr(_noop, name) for name in constants}


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """In what a value of ours has another shape than the core's. None is a value that only the core measures."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if set(ours) != set(theirs):
            yield f"{path}: {sorted(set(ours) ^ set(theirs))}"
        for key in set(ours) & set(theirs):
            yield from differences(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, (list, tuple)) and type(ours) is type(theirs):
        if len(ours) != len(theirs):
            yield f"{path}: {len(ours)} items, not {len(theirs)}"
        for number, (our, their) in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(our, their, f"{path}[{number}]")
    elif ours is not None and type(ours) is not type(theirs):
        yield f"{path}: {ours!r}, not like {theirs!r}"


def test_what_is_read_has_the_cores_keys() -> None:
    with isolated() as collector:
        ours = _noop.PerformanceMetricsCollector()
        everything = {**collector.get_all_metrics(), "tools": {}, "caches": {}, "metrics": {}}
        # Other tests of this process have left names of theirs there.
        everything["toolvitals"].update(refused_segments={}, merge_conflicts={}, collectors={}, overflow={})
        everything["system"]["processes"] = []
        assert not list(differences(ours.get_all_metrics(), everything))
        assert not list(differences(json.loads(_noop.render("json")), everything))
        system = {**collector.get_system_metrics(), "processes": []}
        assert not list(differences(ours.get_system_metrics(), system))
        assert ours.tool("shape").metrics() == collector.tool("shape").metrics()
        assert ours.cache("shape").metrics() == collector.cache("shape").metrics()


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("CounterBase", {}),
        ("GaugeBase", {}),
        ("HistogramBase", {"bounds": (1.0, 2.0)}),
        ("SummaryBase", {}),
        ("InfoBase", {}),
        ("EnumBase", {"states": ("on", "off")}),
    ],
)
def test_an_instrument_reads_as_the_cores_does(kind: str, definition: dict[str, Any]) -> None:
    rows = []
    for module in (_core, _noop):
        for labelnames in ((), ("l",)):
            instrument = getattr(module, kind).__new__(getattr(module, kind))
            instrument._define(f"twin_{kind.lower()}_{len(labelnames)}", "Help.", "", labelnames, **definition)
            facts = {name: getattr(instrument, name) for name in ("_name", "_documentation", "_unit", "_labelnames")}
            facts |= {
                name: getattr(instrument, name) for name in ("_labelvalues", "_states", "_bounds", "_is_overflow")
            }
            rows.append((facts, instrument._read()))
    count = len(rows) // 2
    for (their_facts, their_rows), (our_facts, our_rows) in zip(rows[:count], rows[count:], strict=True):
        assert our_facts == their_facts
        assert not list(differences(our_rows, their_rows))


def test_a_difference_is_found() -> None:
    theirs = {"a": [{"b": 1, "c": 2.0}], "d": ""}
    assert not list(differences({"a": [{"b": 0, "c": None}], "d": "x"}, theirs))
    assert list(differences({"a": [{"b": 0}], "d": "x"}, theirs)) == [".a[0]: ['c']"]
    assert list(differences({"a": [], "d": "x"}, theirs)) == [".a: 0 items, not 1"]
    assert list(differences({"a": [{"b": 0, "c": "x"}], "d": "x"}, theirs)) == [".a[0].c: 'x', not like 2.0"]
