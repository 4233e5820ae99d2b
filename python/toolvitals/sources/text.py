"""Text of others, made harmless."""

from __future__ import annotations

__all__ = ["printable"]

_MAX_NAME = 256


def printable(text: str, limit: int = _MAX_NAME) -> str:
    """The text with escapes in place of what would move the cursor or hide something, cut to `limit` characters.

    Names and messages come from other processes, and a terminal obeys what is in them.
    """
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in cut)
