"""A registry in a Django project."""

from __future__ import annotations

from toolvitals.prometheus.django.exposition import PrometheusDjangoView

__all__ = ["PrometheusDjangoView"]
