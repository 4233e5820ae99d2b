"""Calls a function, or the command `toolvitals`, in a process of its own: for what is set once per process, and for how
processes end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["TOOLVITALS", "command", "result_of", "run", "toolvitals"]

# What begins the command, with warnings as errors; its arguments follow.
TOOLVITALS = [sys.executable, "-W", "error", "-m", "toolvitals"]

_RUNNER = str(Path(__file__).with_name("run_function.py"))


def command(function: Callable[..., object], *arguments: str) -> list[str]:
    """What begins a process that imports the function's module and calls it, with warnings as errors.

    The function is one of a module of programs/, whose import is all that happens before the call.
    """
    options = ["-X", "faulthandler", "-W", "error"]
    return [sys.executable, *options, _RUNNER, function.__module__, function.__name__, *arguments]


def run(
    function: Callable[..., object], *arguments: str, check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Waits for the process to end; fails where it does, or where it writes to stderr though it should not."""
    finished = subprocess.run(
        command(function, *arguments),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )
    if check:
        assert finished.returncode == 0, finished.stderr
        assert not finished.stderr, finished.stderr
    return finished


def toolvitals(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Waits for the command to end, however it does."""
    variables = {**os.environ, **environment}
    return subprocess.run([*TOOLVITALS, *arguments], env=variables, capture_output=True, text=True, timeout=100)


def result_of(function: Callable[..., object], *arguments: str, **environment: str) -> Any:
    """What the function returned there, by way of JSON; where it returns None, what it printed last."""
    return json.loads(run(function, *arguments, check=True, **environment).stdout.splitlines()[-1])
