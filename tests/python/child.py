"""Runs Python code in a process of its own: for what is set once per process, and for how processes end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import Any

__all__ = ["result_of", "run"]


def run(code: str, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the code with warnings as errors; fails where it does, or where it writes to stderr though it should not."""
    finished = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", textwrap.dedent(code), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )
    if check:
        assert finished.returncode == 0, finished.stderr
        assert not finished.stderr, finished.stderr
    return finished


def result_of(code: str, *arguments: str, **environment: str) -> Any:
    """What the code printed, last of all, as JSON."""
    return json.loads(run(code, *arguments, **environment).stdout.splitlines()[-1])
