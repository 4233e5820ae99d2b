"""Where metrics are read from: this process, a directory that processes share, an endpoint. One protocol for all three.

from toolvitals.sources import Endpoint

Endpoint("http://127.0.0.1:9109").read().tools["search"].total_calls

Importing this loads nothing that records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolvitals._late import getter
from toolvitals.sources._source import (
    FORMATS,
    Format,
    NotAllowedError,
    NotReachedError,
    Observation,
    Segment,
    Source,
    SourceError,
)
from toolvitals.sources._this_process import ThisProcess

if TYPE_CHECKING:
    from toolvitals.sources._directory import Directory, locate
    from toolvitals.sources._endpoint import Endpoint

__all__ = [
    "FORMATS",
    "Directory",
    "Endpoint",
    "Format",
    "NotAllowedError",
    "NotReachedError",
    "Observation",
    "Segment",
    "Source",
    "SourceError",
    "ThisProcess",
    "locate",
]

if not TYPE_CHECKING:
    # Late, for a program that looks at itself needs no network.
    __getattr__ = getter(
        globals(),
        {"toolvitals.sources._directory": ("Directory", "locate"), "toolvitals.sources._endpoint": ("Endpoint",)},
    )

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
