"""`instrument_cache` under the name of the module that it had before `toolvitals.caches` held every cache."""

from __future__ import annotations

from toolvitals.caches import instrument_cache

__all__ = ["instrument_cache"]
