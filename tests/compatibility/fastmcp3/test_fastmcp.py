"""The fastmcp package, version 3."""

from __future__ import annotations

from typing import Any

import pytest
from fastmcp_client import said_by_server
from mcp_server import CALLS

FRAMEWORK = "fastmcp 3"
DISTRIBUTION = "fastmcp"


@pytest.mark.calls(CALLS)
def test_server(tool: Any) -> object:
    """`@mcp.tool` over tools with a `Context` and without, methods, resources, templates, prompts, `custom_route`."""
    return said_by_server(tool)
