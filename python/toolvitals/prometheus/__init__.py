"""Metric families, registries and parsers, under the names that users of prometheus_client know."""

from __future__ import annotations

from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.registry import CollectorRegistry

__all__ = ["CollectorRegistry", "Metric"]
