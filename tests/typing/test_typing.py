"""mypy --strict and pyright on users' code, and stubtest on the extension's stub."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GOOD = HERE / "users_code.py"
# Not a .py file, so that nobody takes its errors for ours.
BAD = HERE / "users_mistakes.txt"
MISTAKES = {n for n, line in enumerate(BAD.read_text(encoding="utf-8").splitlines(), 1) if line.endswith("# wrong")}


def run(*arguments: str, cwd: Path = HERE) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=cwd)


def mypy(file: Path) -> subprocess.CompletedProcess[str]:
    return run("mypy", "--strict", "--config-file=", "--cache-dir", "/dev/null", str(file))


def pyright(file: Path) -> list[int]:
    finished = run("pyright", "--outputjson", "--pythonpath", sys.executable, str(file))
    found = json.loads(finished.stdout)["generalDiagnostics"]
    return [entry["range"]["start"]["line"] + 1 for entry in found if entry["severity"] == "error"]


def test_mypy_accepts_good_code() -> None:
    finished = mypy(GOOD)
    assert finished.returncode == 0, finished.stdout


@pytest.fixture
def mistakes(tmp_path: Path) -> Path:
    return Path(shutil.copy(BAD, tmp_path / "mistakes.py"))


def test_mypy_finds_mistakes(mistakes: Path) -> None:
    assert {int(line) for line in re.findall(r":(\d+): error:", mypy(mistakes).stdout)} == MISTAKES


def test_pyright_accepts_good_code() -> None:
    assert pyright(GOOD) == []


def test_pyright_finds_mistakes(mistakes: Path) -> None:
    assert set(pyright(mistakes)) == MISTAKES


def test_stubtest_holds_the_stub_to_the_extension() -> None:
    finished = run("mypy.stubtest", "toolvitals._core", cwd=ROOT)
    assert finished.returncode == 0, finished.stdout + finished.stderr
