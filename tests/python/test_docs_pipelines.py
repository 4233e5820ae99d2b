"""Pipelines with `toolvitals doctor` in the docs: what it found is what they end with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# In the place of the command: a report, and the code that is asked for.
DOCTOR = """#!/bin/sh
echo '{"findings": [{"check": "reachable", "severity": "error"}]}'
exit "$CODE"
"""


def pipelines() -> list[str]:
    """The blocks that do more with what doctor prints, or with its code, than to show it."""
    blocks = [block for page in PAGES for block in BLOCK.findall(page.read_text(encoding="utf-8"))]
    return [block for block in blocks if re.search(r"^(?!\$ ).*toolvitals doctor.*[|>]", block, re.MULTILINE)]


def code_of(block: str, code: int, folder: Path) -> int:
    command = folder / "toolvitals"
    command.write_text(DOCTOR)
    command.chmod(0o755)
    (folder / "python").unlink(missing_ok=True)
    (folder / "python").symlink_to(sys.executable)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "CODE": str(code)}
    finished = subprocess.run(["bash", "-c", block], env=environment, cwd=folder, capture_output=True, timeout=60)
    assert not finished.stderr, finished.stderr
    return finished.returncode


def test_there_are_some() -> None:
    assert len(pipelines()) >= 3


@pytest.mark.parametrize("block", pipelines(), ids=lambda block: block.splitlines()[-1])
def test_the_code_survives(block: str, tmp_path: Path) -> None:
    assert code_of(block, 0, tmp_path) == 0
    assert code_of(block, 3, tmp_path) != 0
    # Who wants to live with a warning says so.
    assert code_of(block, 1, tmp_path) == (0 if "-lt 3" in block else 1)
