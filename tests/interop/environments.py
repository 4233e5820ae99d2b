"""Environments for packages that cannot be among the development tools, kept in build/ and made when missing.

The package under test is that of this interpreter, linked into them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import toolvitals

__all__ = ["variables_of"]

ROOT = Path(__file__).parents[2]


def variables_of(name: str, *requirements: str) -> dict[str, str]:
    """The variables of an environment with the requirements and this very toolvitals; PYTHON is its interpreter."""
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:8]
    folder = ROOT / "build" / f"venv-{name}-{sys.implementation.cache_tag}-{digest}"
    folder.parent.mkdir(exist_ok=True)
    python, packages = folder / "bin" / "python", folder / "toolvitals-only"
    # Workers of one test run may want it at the same time.
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            # What is imported is compiled then; most of what is installed never is.
            install = [str(python), "-m", "pip", "install", "-q", "--prefer-binary", "--no-compile", *requirements]
            subprocess.run(install, check=True)
            packages.mkdir()
            (folder / "complete").touch()
        link, package = packages / "toolvitals", Path(toolvitals.__file__).parent
        if not link.is_symlink() or link.readlink() != package:
            link.unlink(missing_ok=True)
            link.symlink_to(package)
    return {**os.environ, "PYTHONPATH": str(packages), "PYTHON": str(python)}
