"""What is known about goals that are missed: where the time goes and what was tried. Keyed by the goal's work.

Figures here are of the runs they name and not of the run above them in a report.
"""

from __future__ import annotations

__all__ = ["REMARKS"]

_WINDOWS = (
    "each of the 966 windows moved by a sample, so each is mended, its order and its sums (docs/decisions/0055), in "
    "memory that has left the caches meanwhile; the peers keep no windows. When each was selected and summed anew, the "
    "same scrape was 15 times below prometheus_client and 1.7 times below prometheus-cpp. A scrape pays for the tools "
    "alone that were called since the last one."
)
_NOISE = (
    "the scraper and the server's thread need a processor too, and on two busy cores they take it from the measured "
    "thread. The control scrapes nothing, so this cannot be told from a stall that we cause; it is not shown to be one."
)

# Goals in nanoseconds are for a machine on which an empty C call takes 19 ns.
_SLOWER = (
    "the goal is of a machine on which an empty C call takes 19 ns, and the table of records says how long one takes "
    "on this one; where one took 12.6 ns, this took {before}."
)
_COROUTINE = (
    "most of it is the entry into the interpreter for the bare coroutine's steps, which CPython 3.11 and later take "
    "without any where nothing stands in between (VERSIONS.md has each version); the goal is of a machine on which an "
    "empty C call takes 19 ns."
)

_COLD = (
    "the peers' readings before it leave nothing in the caches of what a snapshot reads. Taken again at once it was "
    "60 µs where no tool was called and 180 µs where each was; after 32 MB of other memory were touched, 300 and 490. "
    "Windows that moved by some samples are no more than mended; selecting them anew was some 14 µs a tool."
)
_SAMPLES = "`tv.snapshot()` of 100 tools \N{MULTIPLICATION SIGN} 1000 samples"

REMARKS: dict[str, str] = {
    "`from toolvitals import tool`": (
        "what is left are the standard library's `typing`, with what that imports (`re`, `collections`, `contextlib`), "
        "and the extension, a third each. A program that has these imported anyway pays for the extension."
    ),
    "C++ `Counter::Increment`": (
        "over the goal by less than a tenth of a nanosecond; each load waits for the store before it to the same word."
    ),
    "C++ `Histogram::Observe`, concurrent writers": _SLOWER.format(before="9.0 ns"),
    "five percentiles of a 1000-sample window": _SLOWER.format(before="2.9 µs"),
    "28,000 lines, collect + serialize, nothing called in between": _SLOWER.format(before="1.09 ms"),
    "`@tool` on an `async def` adds": _COROUTINE,
    "`@tool` on an `async def`, beside a decorator in Python": _COROUTINE,
    "28,000 lines beside generate_latest, every tool called in between": _WINDOWS,
    "28,000 lines of our own `generate_latest()`, every tool called in between": _WINDOWS,
    "28,000 lines, collect + serialize, every tool called in between": _WINDOWS,
    "28,000 lines beside prometheus-cpp, every tool called in between": _WINDOWS,
    "a line of 1,000,000 beside one of 100,000": (
        "the cells and labels of 400,000 series take more than the second-level cache, and are fetched from the third; "
        "prefetching them brought a line from 58 ns to 28, where one of 100,000 takes 17."
    ),
    **{
        f"{_SAMPLES}{more}, beside OpenTelemetry: InMemoryMetricReader": _COLD
        for more in ("", ", every tool called since", ", and its tools, every tool called since")
    },
    "what a scrape adds to the event loop's lag": _NOISE,
    "recording during 100 scrapes/s is slower by": _NOISE,
}
