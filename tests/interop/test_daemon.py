"""python-daemon, which closes every descriptor that it finds, detached and not, around a program that serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_until

__all__: list[str] = []

pytestmark = pytest.mark.interop

PROGRAM = str(Path(__file__).with_name("apps") / "daemon_that_serves.py")


@pytest.mark.parametrize("shares", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("when", ["before", "inside"])
@pytest.mark.parametrize("detach", ["detached", "attached"])
def test_a_daemon_serves(tmp_path: Path, detach: str, when: str, shares: bool) -> None:
    report = tmp_path / "report.json"
    finished = subprocess.run(
        [sys.executable, PROGRAM, detach, when, str(report)],
        env={**os.environ, **({"TOOLVITALS_DIR": str(tmp_path / "run")} if shares else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert finished.returncode == 0, finished.stderr
    wait_until(report.exists, "a detached daemon has written its report")
    facts = json.loads(report.read_text())
    # A detached daemon is another process than the one that counted before, and shows that one's calls where both share
    # a directory.
    assert facts["outside"] == (1 if detach == "attached" or shares else 0)
    assert {key: facts[key] for key in ("running before", "running", "inside", "overflow", "own file")} == {
        "running before": False,
        "running": True,
        "inside": 200,
        "overflow": False,
        "own file": 0,
    }
    assert os.path.getsize(f"{report}.own") == 0
