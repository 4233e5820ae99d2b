"""Environments with versions of the MCP frameworks that cannot be installed beside those of the development tools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from environments import variables_of

__all__ = ["ENVIRONMENTS", "run"]

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
    requirements = ENVIRONMENTS[environment]
    variables = variables_of(environment, *requirements) if requirements else {**os.environ, "PYTHON": sys.executable}
    command = [variables["PYTHON"], str(Path(__file__).with_name(program)), *arguments]
    finished = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=100)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)
