"""How the end of a server looks to a client that is in the middle of a request."""

from __future__ import annotations

import anyio
import httpx2
from mcp import MCPError
from mcp.types import CONNECTION_CLOSED

__all__ = ["is_cut"]


def is_cut(error: BaseException) -> bool:
    """Whether the error says that a connection ended, and nothing else: alone, or as all errors of a group."""
    members = getattr(error, "exceptions", None)
    if members is not None:
        return all(is_cut(member) for member in members)
    if isinstance(error, MCPError):
        return error.code == CONNECTION_CLOSED
    return isinstance(error, (OSError, httpx2.TransportError, anyio.ClosedResourceError, anyio.BrokenResourceError))
