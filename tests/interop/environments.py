"""Environments for libraries that are not among the development tools, kept in build/ and made when missing."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import toolvitals

__all__ = ["environment_with"]

ROOT = Path(__file__).parents[2]


def environment_with(name: str, *requirements: str) -> dict[str, str]:
    """The variables of an environment with the requirements and this very toolvitals; PYTHON is its interpreter."""
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:8]
    folder = ROOT / "build" / f"venv-{name}-{sys.implementation.cache_tag}-{digest}"
    folder.parent.mkdir(exist_ok=True)
    python = folder / "bin" / "python"
    packages = folder / "toolvitals-only"
    with open(f"{folder}.lock", "w") as lock:
        # Workers of one test run want it at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", "--prefer-binary", *requirements], check=True)
            packages.mkdir()
            (folder / "complete").touch()
        link = packages / "toolvitals"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(toolvitals.__file__).parent)
    return {**os.environ, "PYTHONPATH": str(packages), "PYTHON": str(python)}
