"""OpenMetrics, version 1.0.0."""

from __future__ import annotations

from toolvitals.prometheus.openmetrics import exposition, parser

__all__ = ["exposition", "parser"]
