"""What was recorded, as frozen values: `tv.snapshot()` takes a snapshot of this process or of its service.

before = tv.snapshot()
...
delta = tv.snapshot().since(before)
delta.tools["search"].total_calls

`toolvitals.sources` reads the same of a directory and of an endpoint. Importing this loads nothing that records.
"""

from __future__ import annotations

import sys
from types import ModuleType

from toolvitals.snapshot._snapshot import Delta, Snapshot, empty, made_of
from toolvitals.snapshot._values import (
    AttributeValue,
    CacheStats,
    CollectorStats,
    Exemplar,
    Family,
    FamilyType,
    FrozenDict,
    GcStats,
    Histogram,
    LabelValue,
    Limits,
    NativeHistogram,
    Overflow,
    OwnStats,
    ProcessStats,
    PythonStats,
    RefusedLabel,
    Series,
    States,
    Summary,
    ToolStats,
    Value,
    WindowStats,
)

__all__ = [
    "AttributeValue",
    "CacheStats",
    "CollectorStats",
    "Delta",
    "Exemplar",
    "Family",
    "FamilyType",
    "FrozenDict",
    "GcStats",
    "Histogram",
    "LabelValue",
    "Limits",
    "NativeHistogram",
    "Overflow",
    "OwnStats",
    "ProcessStats",
    "PythonStats",
    "RefusedLabel",
    "Series",
    "Snapshot",
    "States",
    "Summary",
    "ToolStats",
    "Value",
    "WindowStats",
    "empty",
    "made_of",
]


class _CallableModule(ModuleType):
    """`toolvitals.snapshot` is a module and, as `tv.snapshot()`, what takes a snapshot: one name stands for both,
    whichever of them a program used first."""

    def __call__(self) -> Snapshot:
        """A snapshot of this process, or of the service that it is one of; see `toolvitals.sources.ThisProcess`."""
        # The façade, which is there before any part of the package, gives what takes one.
        snapshot: Snapshot = sys.modules["toolvitals"]._take_snapshot()
        return snapshot


sys.modules[__name__].__class__ = _CallableModule
