"""Where metrics are read from: this process, a directory that processes share, an endpoint. One protocol for all three.

from toolvitals.sources import Endpoint

Endpoint("http://127.0.0.1:9109").read().tools["search"].total_calls

Importing this loads nothing that records.
"""

from __future__ import annotations

from toolvitals.sources._directory import Directory, locate
from toolvitals.sources._endpoint import Endpoint
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
