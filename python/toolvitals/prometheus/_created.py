"""Whether counters, histograms and summaries are collected with their `_created` samples."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["answered_by", "uses_created"]


def _yes() -> bool:
    return True


_answer: Callable[[], bool] = _yes


def answered_by(answer: Callable[[], bool]) -> None:
    """Has the module whose variable programs set say it; that one stands above those who ask."""
    global _answer
    _answer = answer


def uses_created() -> bool:
    """What that module says now."""
    return _answer()
