"""Integrations with the frameworks that tool servers are written in.

Each module imports its framework only when it is used, so `toolvitals` itself depends on none of them.
"""

from __future__ import annotations

__all__: list[str] = []
