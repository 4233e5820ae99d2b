"""Waiting for what another thread or process does, where no event can say that it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["wait_until"]

T = TypeVar("T")

# Long enough for a machine that is busy; who waits in vain waits once.
PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.005


def wait_until(condition: Callable[[], T], what: str = "it", patience_s: float = PATIENCE_SECONDS) -> T:
    """Asks again and again until the condition holds; what it gave then."""
    end = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {patience_s:g} s: {what}"
        time.sleep(_PAUSE_SECONDS)
    return found
