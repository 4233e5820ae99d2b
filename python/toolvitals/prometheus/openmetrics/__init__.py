"""OpenMetrics: 1.0.0, and the draft of 2.0.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolvitals._late import getter

if TYPE_CHECKING:
    from toolvitals.prometheus.openmetrics import exposition, parser

__all__ = ["exposition", "parser"]

if not TYPE_CHECKING:
    # Late, for who writes a format seldom reads it too.
    __getattr__ = getter(globals(), {}, __all__)
