"""instrument() on the official SDK before version 2, which most servers still run, and on the fastmcp of that time.

They cannot be installed beside the versions that the other tests use, so they get an environment of their own, which
is kept in build/ and made when it is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import toolvitals

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("mcp_v1_program.py")
REQUIREMENTS = ["mcp>=1.12,<2", "fastmcp>=2.10,<4"]

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Runs the program with the old SDK and this very toolvitals."""
    folder = ROOT / "build" / f"venv-mcp1-{sys.implementation.cache_tag}"
    python = folder / "bin" / "python"
    packages = folder / "toolvitals-only"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--prefer-binary", *REQUIREMENTS], check=True)
        packages.mkdir()
        (folder / "complete").touch()
    link = packages / "toolvitals"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(toolvitals.__file__).parent)
    return {**os.environ, "PYTHONPATH": str(packages), "PYTHON": str(python)}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["high", "low", "fast"])
def test_every_call_is_recorded_under_its_name(kind: str, environment: dict[str, str]) -> None:
    finished = subprocess.run(
        [environment["PYTHON"], str(PROGRAM), kind], env=environment, capture_output=True, text=True, timeout=100
    )
    assert finished.returncode == 0, finished.stderr
    recorded = json.loads(finished.stdout)
    assert recorded["echo"] == [2, 0, 0, {}]
    assert recorded["fail"][:3] == [0, 1, 0]
    assert recorded["fail"][3] == {"ValueError": 1}
    assert recorded["wait"] == [0, 0, 1, {}]
    assert recorded["unknown_tool"][:3] == [0, 1, 0]
    assert recorded["resource:memo://plain"] == [1, 0, 0, {}]
    assert recorded["resource:memo://items/{item}"] == [1, 0, 0, {}]
    assert recorded["prompt:greet"] == [1, 0, 0, {}]
    assert len(recorded) == 7
