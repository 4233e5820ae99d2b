"""What keeps collected families, with nothing behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["FamilyStore", "RefreshDemand", "count_collector_failure", "refresh_demand"]


class FamilyStore:
    """Families that nobody shows."""

    def store(self, metrics: Iterable[Any]) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""


class RefreshDemand:
    """Nothing is ever due."""

    def wait(self, patience: float) -> bool:
        """False, at once."""
        return False

    def ask(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""

    def open(self) -> None:
        """Does nothing."""

    def set_interval(self, seconds: float) -> None:
        """Does nothing."""


refresh_demand = RefreshDemand()


def count_collector_failure() -> None:
    """Does nothing."""
