"""A real MCP server under load, with its metrics on a table: `python -m toolvitals.demo`."""

from __future__ import annotations

__all__: list[str] = []
