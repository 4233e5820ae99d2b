"""Numbers behind a lock, for programs that make their own instruments of them.

The instruments of this package keep their numbers in the core, so what is assigned to `ValueClass` changes nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["MultiProcessValue", "MutexValue", "ValueClass", "get_value_class"]


class MutexValue:
    """A float with an exemplar. Thread-safe."""

    _multiprocess = False

    def __init__(
        self, typ: Any, metric_name: str, name: str, labelnames: Any, labelvalues: Any, help_text: str, **kwargs: Any
    ) -> None:
        self._lock = threading.Lock()
        self._value = 0.0
        self._exemplar: Any = None

    def inc(self, amount: float) -> None:
        with self._lock:
            self._value += amount

    def set(self, value: float, timestamp: float | None = None) -> None:
        with self._lock:
            self._value = value

    def get(self) -> float:
        with self._lock:
            return self._value

    def set_exemplar(self, exemplar: Any) -> None:
        with self._lock:
            self._exemplar = exemplar

    def get_exemplar(self) -> Any:
        with self._lock:
            return self._exemplar


def MultiProcessValue(process_identifier: Callable[[], Any] = os.getpid) -> type[MutexValue]:
    """The class of numbers: the same in a program of many processes, whose identifiers the core finds by itself."""
    return MutexValue


def get_value_class() -> type[MutexValue]:
    """The class of numbers, whatever the environment says."""
    return MutexValue


ValueClass = get_value_class()
