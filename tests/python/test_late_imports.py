"""What an import of the package brings along, and names that are fetched when they are first used."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from toolvitals._late import getter

PROGRAM = Path(__file__).parent / "programs" / "imports_of.py"

# What takes milliseconds to import, and that a program may never need.
HEAVY = frozenset(
    {
        *("asyncio", "concurrent.futures", "logging", "multiprocessing", "subprocess", "socket", "ssl", "select"),
        *("http.client", "http.server", "urllib.request", "wsgiref.simple_server", "email"),
        *("ctypes", "datetime", "pathlib", "platform", "tempfile", "uuid", "decimal"),
        *("inspect", "dataclasses", "dis", "ast", "tokenize", "copy"),
        *("toolvitals.snapshot", "toolvitals.sources", "toolvitals.ipc.client"),
    }
)
# What the platform's collector asks the module of its name for, which brought others along before CPython 3.11.
OF_PLATFORM = {"platform"} if sys.version_info >= (3, 11) else {"platform", "subprocess", "select"}
# Of a program that defines instruments for a registry.
OF_REGISTRY = HEAVY - OF_PLATFORM - {"inspect", "dataclasses", "dis", "ast", "tokenize", "copy"} | {
    "toolvitals.prometheus.exposition"
}


def imported_by(use: str) -> set[str]:
    command = [sys.executable, "-I", str(PROGRAM), use]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("use", ["package", "recording", "caches"])
def test_recording_imports_nothing_heavy(use: str) -> None:
    found = imported_by(use)
    assert "toolvitals" in found
    assert not found & HEAVY


def test_a_registry_imports_nothing_heavy() -> None:
    found = imported_by("registry")
    assert "toolvitals.prometheus.registry" in found
    assert not found & OF_REGISTRY


def test_a_snapshot_of_this_process_needs_no_network() -> None:
    found = imported_by("snapshot")
    assert "toolvitals.sources" in found
    assert not found & {"ssl", "http.client", "urllib.request", "asyncio", "socket"}


@pytest.mark.parametrize("name", ["toolvitals", "toolvitals.prometheus", "toolvitals.sources"])
def test_every_name_is_there(name: str) -> None:
    module = importlib.import_module(name)
    for public in module.__all__:
        assert getattr(module, public) is not None
        assert public in dir(module)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018


def test_what_was_fetched_is_kept() -> None:
    namespace = {"__name__": "toolvitals.prometheus"}
    get = getter(namespace, {"json": ("loads",)}, ("exposition",))
    assert get("loads") is namespace["loads"] is importlib.import_module("json").loads
    assert get("exposition") is namespace["exposition"] is sys.modules["toolvitals.prometheus.exposition"]
    with pytest.raises(AttributeError, match="has no attribute 'dumps'"):
        get("dumps")
