"""What a scrape does to the service: to its event loop, and to the pace of its records."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Sequence
from time import sleep
from typing import Any

from benchmarks.python.client import scrape_at_pace, serving

__all__ = ["run"]

SCRAPES_PER_SECOND = 20
# Far more than any Prometheus asks, so that a slowdown would show; few enough that the second core is not full.
SCRAPES_WHILE_RECORDING = 100

Span = tuple[int, int]


def longest_gap(span: Span, starts: Sequence[int], gaps: Sequence[int]) -> int:
    """The longest gap, in nanoseconds, that overlaps the span; zero where none was long enough to be noted."""
    longest = 0
    at = bisect_left(starts, span[1]) - 1
    # Gaps do not overlap each other, so the first one that ends before the span ends the search.
    while at >= 0 and starts[at] + gaps[at] > span[0]:
        longest = max(longest, gaps[at])
        at -= 1
    return longest


def _stalls(library: str, scraped: bool, seconds: float) -> dict[str, Any]:
    with serving(library, "loop") as service:
        sleep(0.3)
        spans = scrape_at_pace(service.port if scraped else 0, SCRAPES_PER_SECOND, seconds)
        measured = service.stop()
    stalls = [longest_gap(span, measured["starts"], measured["gaps"]) for span in spans]
    return {
        "scrapes": len(spans),
        "median": statistics.median(stalls),
        "p90": sorted(stalls)[int(0.9 * (len(stalls) - 1))],
        "max": max(stalls),
    }


def _slowdown(library: str, seconds: float) -> dict[str, float]:
    """Nanoseconds of a record in calm and in scraped seconds that take turns, and the ratio of each pair's medians."""
    pairs = max(1, int(seconds))
    with serving(library, "record") as service:
        sleep(0.3)
        turns = []
        for _ in range(pairs):
            for port in (0, service.port):
                spans = scrape_at_pace(port, SCRAPES_WHILE_RECORDING, 0.5)
                turns.append((port != 0, spans[0][0], spans[-1][1]))
        measured = service.stop()
    medians: dict[bool, list[float]] = {False: [], True: []}
    means: dict[bool, list[float]] = {False: [], True: []}
    for scraped, begin, end in turns:
        first, last = bisect_left(measured["starts"], begin), bisect_left(measured["starts"], end)
        batches = measured["lengths"][first:last]
        medians[scraped].append(statistics.median(batches) / measured["batch"])
        means[scraped].append(statistics.fmean(batches) / measured["batch"])
    return {
        "calm": statistics.median(medians[False]),
        "scraped": statistics.median(medians[True]),
        "calm_mean": statistics.median(means[False]),
        "scraped_mean": statistics.median(means[True]),
    }


def run(quick: bool) -> dict[str, Any]:
    """Stalls of the event loop in nanoseconds, and records' nanoseconds with and without scrapes."""
    seconds = 0.5 if quick else 8
    subjects = {
        "no scrape": ("toolvitals", False),
        "toolvitals": ("toolvitals", True),
        "prometheus_client, its server": ("prometheus_client", True),
        "prometheus_client, on the loop": ("prometheus_client on the loop", True),
    }
    return {
        "stalls": {name: _stalls(library, scraped, seconds) for name, (library, scraped) in subjects.items()},
        "records": {library: _slowdown(library, seconds) for library in ("toolvitals", "prometheus_client")},
    }
