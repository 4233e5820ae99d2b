"""Metrics handed to monitoring systems that do not scrape."""

from __future__ import annotations

__all__: list[str] = []
