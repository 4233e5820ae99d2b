"""Tools and caches, whose names METRICS_NAMESPACE may go before."""

from __future__ import annotations

from toolvitals.catalogue._family import Label, OwnFamily

__all__ = ["CACHES", "TOOLS"]

_TOOL = Label("tool")
_CACHE = Label("cache")
# Called `quantile` with METRICS_WINDOW_LABEL=quantile.
_QUANTILE = Label("q", ("0.5", "0.75", "0.9", "0.95", "0.99"))

TOOLS = (
    OwnFamily(
        "tools",
        "tool_calls",
        "counter",
        "Finished calls of a tool, by outcome.",
        labels=(_TOOL, Label("outcome", ("success", "error", "cancelled"))),
        meaning="finished calls",
    ),
    OwnFamily(
        "tools",
        "tool_call_errors",
        "counter",
        "Failed calls of a tool, by type of error.",
        labels=(_TOOL, Label("error_type")),
        meaning="failed calls whose type is known",
    ),
    OwnFamily(
        "tools",
        "tool_call_duration_seconds",
        "histogram",
        "How long finished calls of a tool took.",
        unit="seconds",
        labels=(_TOOL,),
        meaning="durations of all finished calls, whatever their outcome",
    ),
    OwnFamily(
        "tools",
        "tool_call_latency_window_seconds",
        "gauge",
        "Quantiles of the durations of a tool's most recent calls.",
        unit="seconds",
        labels=(_TOOL, _QUANTILE),
        meaning="quantiles of the sliding window; from two samples on",
    ),
    OwnFamily(
        "tools",
        "tool_first_item_latency_window_seconds",
        "gauge",
        "Quantiles of the times to the first item of a tool's most recent calls.",
        unit="seconds",
        labels=(_TOOL, _QUANTILE),
        setting="a tool that is a generator",
        meaning="the same for the time to the first item",
    ),
    OwnFamily(
        "tools",
        "tool_calls_in_progress",
        "gauge",
        "Calls of a tool that are running.",
        labels=(_TOOL,),
        meaning="calls that are running",
    ),
    OwnFamily(
        "tools",
        "tool_calls_oldest_in_progress_seconds",
        "gauge",
        "How long the oldest running call of a tool has been running, 0 where none is.",
        unit="seconds",
        labels=(_TOOL,),
        meaning="how long the oldest of them has been running; 0 where none is",
    ),
)

CACHES = (
    OwnFamily(
        "caches",
        "cache_requests",
        "counter",
        "Requests to a cache, by result.",
        labels=(_CACHE, Label("result", ("hit", "miss"))),
        meaning="look-ups",
    ),
    OwnFamily(
        "caches",
        "cache_evictions",
        "counter",
        "Entries that a cache gave up for others.",
        labels=(_CACHE,),
        meaning="entries that were pushed out or expired",
    ),
    OwnFamily(
        "caches",
        "cache_size_rejections",
        "counter",
        "Entries that a cache did not take because of their size.",
        labels=(_CACHE,),
        meaning="entries that were too large to be kept",
    ),
    OwnFamily(
        "caches",
        "cache_hit_ratio",
        "gauge",
        "Hits per request to a cache, 0 to 1.",
        unit="ratio",
        labels=(_CACHE,),
        meaning="hits by look-ups since the start, 0 to 1; from the first look-up on",
    ),
)
