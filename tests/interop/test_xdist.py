"""pytest-xdist with TOOLVITALS_DIR in its environment: what one worker records or zeroes is nobody else's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__: list[str] = []

pytestmark = pytest.mark.interop

APPS = Path(__file__).with_name("apps")


def test_isolated_isolates(tmp_path: Path) -> None:
    shutil.copy(APPS / "users_tests.py", tmp_path / "test_users.py")
    # A process of the service that the directory is of, beside the tests: it keeps what it counted.
    environment = {**os.environ, "TOOLVITALS_DIR": str(tmp_path / "run")}
    beside = subprocess.Popen(
        [sys.executable, str(APPS / "counts_beside.py")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert beside.stdout is not None
    beside.stdout.readline()
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "3", "-p", "no:cacheprovider", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    answer, _ = beside.communicate("\n", timeout=60)
    assert finished.returncode == 0, finished.stdout
    assert "30 passed" in finished.stdout
    assert answer.split() == ["1"]
