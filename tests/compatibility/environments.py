"""Environments of their own, in build/compatibility/, for frameworks that the development tools do without.

Each folder with a requirements.txt is one. It is made by pip once, made anew when its list of packages changes, and is
given the wheel of this very toolvitals.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.compatibility.case_table import FOLDER

__all__ = ["interpreter", "wheel"]

ROOT = FOLDER.parents[1]
BUILD = ROOT / "build" / "compatibility"
VENV = ROOT / ".venv"


def wheel() -> Path:
    """The wheel of what is installed for development, built when that is newer."""
    folder = BUILD / "dist"
    found = sorted(folder.glob("*.whl"))
    if not found or found[-1].stat().st_mtime < (VENV / ".package").stat().st_mtime:
        for old in found:
            old.unlink()
        subprocess.run([str(ROOT / "scripts" / "build-wheel"), str(VENV), str(folder)], check=True, cwd=ROOT)
        found = sorted(folder.glob("*.whl"))
    return found[-1]


def interpreter(name: str) -> Path:
    """The interpreter that has what a folder of cases needs, and toolvitals."""
    requirements = FOLDER / name / "requirements.txt"
    if not requirements.exists():
        return Path(sys.executable)
    folder = BUILD / name
    python = folder / "bin" / "python"
    if not _is_stamped(folder / "packages", [FOLDER / "requirements.txt", requirements]):
        print(f"Making {folder.relative_to(ROOT)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        _pip(python, "--prefer-binary", "-r", str(FOLDER / "requirements.txt"), "-r", str(requirements))
        _stamp(folder / "packages", [FOLDER / "requirements.txt", requirements])
    if not _is_stamped(folder / "toolvitals", [wheel()]):
        _pip(python, "--no-index", "--no-deps", "--force-reinstall", str(wheel()))
        _stamp(folder / "toolvitals", [wheel()])
    return python


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _is_stamped(stamp: Path, files: list[Path]) -> bool:
    return stamp.exists() and stamp.read_text() == _digest(files)


def _stamp(stamp: Path, files: list[Path]) -> None:
    stamp.write_text(_digest(files))
