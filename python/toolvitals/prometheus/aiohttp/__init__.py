"""A registry in an aiohttp application."""

from __future__ import annotations

from toolvitals.prometheus.aiohttp.exposition import make_aiohttp_handler

__all__ = ["make_aiohttp_handler"]
