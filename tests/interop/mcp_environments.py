"""Environments with versions of the MCP frameworks that cannot be installed beside those of the development tools.

They are kept in build/, each made when it is missing or made for other requirements. The package under test is that of
this interpreter, linked into them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import toolvitals

__all__ = ["ENVIRONMENTS", "run"]

ROOT = Path(__file__).parents[2]

# Here are fastmcp 4 and version 2 of the official SDK. The versions before them need the SDK's version 1.
ENVIRONMENTS: dict[str, list[str]] = {
    "here": [],
    "fastmcp3": ["fastmcp>=3,<4", "mcp<2"],
    "fastmcp2": ["fastmcp>=2.14,<3", "mcp<2"],
    # As old as the extra `mcp` allows, with what they worked with.
    "oldest": ["fastmcp==2.10.*", "mcp==1.12.*", "pydantic==2.11.*"],
}


def run(environment: str, program: str, *arguments: str) -> Any:
    """What a program beside this file prints as JSON, run in the environment."""
    command = [_python(environment), str(Path(__file__).with_name(program)), *arguments]
    variables = {**os.environ, "PYTHONPATH": str(_packages())}
    finished = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=100)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def _python(environment: str) -> str:
    requirements = ENVIRONMENTS[environment]
    if not requirements:
        return sys.executable
    folder = ROOT / "build" / f"venv-{environment}-{sys.implementation.cache_tag}"
    python, complete = str(folder / "bin" / "python"), folder / "complete"
    if not complete.exists() or complete.read_text().split() != requirements:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--prefer-binary", *requirements], check=True)
        complete.write_text("\n".join(requirements))
    return python


def _packages() -> Path:
    """A folder that has this very toolvitals, and nothing else of where it is installed."""
    packages = ROOT / "build" / f"toolvitals-only-{sys.implementation.cache_tag}"
    packages.mkdir(parents=True, exist_ok=True)
    link, package = packages / "toolvitals", Path(toolvitals.__file__).parent
    if not link.is_symlink() or link.readlink() != package:
        link.unlink(missing_ok=True)
        link.symlink_to(package)
    return packages
