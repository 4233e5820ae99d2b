"""What keeps collected families, with nothing behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["CollectorRecord", "FamilyStore", "RefreshCrew", "refresh_crew"]


class FamilyStore:
    """Families that nobody shows."""

    def store(self, metrics: Iterable[Any]) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""


class CollectorRecord:
    """A collector that nobody asks after."""

    def __init__(self, name: str) -> None:
        pass

    def succeed(self) -> None:
        """Does nothing."""

    def fail(self) -> None:
        """Does nothing."""


class RefreshCrew:
    """No threads."""

    def open(self, work: Callable[[bool], object]) -> bool:
        """False: nothing is collected."""
        return False

    def close(self, patience: float) -> None:
        """Does nothing."""

    def has_turn(self) -> bool:
        """False."""
        return False

    def begin_job(self, record: CollectorRecord) -> None:
        """Does nothing."""

    def end_job(self) -> None:
        """Does nothing."""

    def set_interval(self, seconds: float) -> None:
        """Does nothing."""

    def set_deadline(self, seconds: float) -> None:
        """Does nothing."""


refresh_crew = RefreshCrew()
