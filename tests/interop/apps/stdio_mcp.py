"""A small MCP server on standard input and output that serves metrics."""

from __future__ import annotations

from fastmcp import FastMCP

import toolvitals as tv
from toolvitals.integrations.mcp import instrument

mcp = instrument(FastMCP("small"))


@mcp.tool
def add(a: int, b: int) -> int:
    return a + b


tv.start()
mcp.run(show_banner=False)
