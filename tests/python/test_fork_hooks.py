"""What the core does around a fork: in the child it allocates nothing, wherever another thread was in its allocator."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__: list[str] = []

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that counts allocations, to be preloaded."""
    compiler = shutil.which("cc")
    if compiler is None or platform.libc_ver()[0] != "glibc":
        pytest.skip("needs a C compiler and glibc, whose allocator it counts")
    library = tmp_path_factory.mktemp("counting") / "allocations.so"
    source = PROGRAMS / "allocations_at_fork.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "in a directory"])
def test_the_child_of_a_fork_allocates_nothing(counting: Path, tmp_path: Path, shared: bool) -> None:
    environment = {**os.environ, "LD_PRELOAD": str(counting)}
    if shared:
        environment["TOOLVITALS_DIR"] = str(tmp_path / "service")
    command = [sys.executable, str(PROGRAMS / "fork_with_everything.py"), str(tmp_path)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.split() == ["0", "0", "0"]
