"""What is known about goals that are missed: where the time goes and what was tried. Keyed by the goal's work."""

from __future__ import annotations

__all__ = ["REMARKS"]

REMARKS: dict[str, str] = {}
