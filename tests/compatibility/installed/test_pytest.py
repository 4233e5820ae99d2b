"""pytest: tests, fixtures and hooks that are tools, in a run of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

FRAMEWORK = "pytest"
DISTRIBUTION = "pytest"

pytest_plugins = ["pytester"]

INNER = Path(__file__).parent / "inner_run"


@pytest.mark.calls(12)
def test_run(tool: Any, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> object:
    """Test functions, parametrized ones and methods, fixtures with and without `yield`, a hook; nothing is missed."""
    shutil.copy(INNER / "fixtures_and_hooks.py", pytester.path / "conftest.py")
    shutil.copy(INNER / "tests.py", pytester.path / "test_inner.py")
    monkeypatch.setenv("DECORATED", str(tool.decorated))
    # Other plugins take long to load, and are none of the matter.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", "-rA")
    tool.elsewhere(int((pytester.path / "recorded").read_text()))
    lines = [line for line in result.outlines if line.startswith(("PASSED", "FAILED", "ERROR", "E  "))]
    return result.parseoutcomes() | {"lines": lines}
