"""Ways to hand metrics to others, where nobody scrapes."""

from __future__ import annotations

__all__: list[str] = []
