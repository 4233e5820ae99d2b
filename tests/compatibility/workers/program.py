"""What programs of their own say to the case that began them: what came out, and how many calls they recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import toolvitals as tv


def tool_of(decorated: str) -> Any:
    """The decorator, or the one that does nothing."""
    return tv.tool if decorated == "True" else lambda function: function


def recorded() -> int:
    return sum(tool["total_calls"] for tool in tv.get_collector().get_all_metrics()["tools"].values())


def say(said: object, calls: int | None = None) -> None:
    print(json.dumps([said, recorded() if calls is None else calls]))


def run(tool: Any, name: str, *arguments: str, timeout_s: float = 100) -> object:
    """What the program of that file name says; the case is told what it recorded."""
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name(name)), *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    assert finished.returncode == 0, finished.stderr
    said, calls = json.loads(finished.stdout.splitlines()[-1])
    tool.elsewhere(calls)
    return said
