"""A registry in a Twisted site."""

from __future__ import annotations

from toolvitals.prometheus.twisted._exposition import MetricsResource

__all__ = ["MetricsResource"]
