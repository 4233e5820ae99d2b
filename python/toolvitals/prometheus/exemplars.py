"""Exemplars by themselves: the trace that is current when something is recorded.

Once OpenTelemetry is imported, the instruments that are defined from then on see to it that counters and histogram
buckets carry the trace id and the span id of a recent record, if its span is sampled. A series looks for one ten times
a second at most.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from toolvitals import _backend

__all__ = ["set_provider", "use_opentelemetry_if_loaded"]

Provider = Callable[[], "dict[str, str] | None"]

_chosen = False


def set_provider(provider: Provider | None) -> None:
    """Sets what gives the labels of an exemplar for the record that is being made: a dict, or None for no exemplar.

    It is called by the recording thread; what it raises is swallowed. At most 128 characters of names and values. None
    switches exemplars off but for those that a record is given.
    """
    global _chosen
    _chosen = True
    _backend.core.set_exemplar_provider(provider)


def use_opentelemetry_if_loaded() -> None:
    """Takes exemplars from OpenTelemetry's current span, unless a program that has it chose otherwise."""
    if not _chosen and "opentelemetry.trace" in sys.modules:
        set_provider(_current_span)


def _current_span() -> dict[str, str] | None:
    trace: Any = sys.modules["opentelemetry.trace"]
    context = trace.get_current_span().get_span_context()
    if not (context.is_valid and context.trace_flags.sampled):
        return None
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
