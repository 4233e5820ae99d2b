"""Caches that record their look-ups: `cached` makes one, `instrument_cache` takes one that exists already."""

from __future__ import annotations

from toolvitals.caches._cached import CachedFunction, CacheInfo, cached
from toolvitals.caches._foreign import instrument_cache

__all__ = ["CacheInfo", "CachedFunction", "cached", "instrument_cache"]
