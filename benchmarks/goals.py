# ruff: noqa: RUF001 - ratios are written with the multiplication sign.
"""The goals, and whether a run's figures meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.remarks import REMARKS

__all__ = ["Goal", "judge"]

Figures = dict[str, Any]

LARGE = 966  # tools that show 28,000 lines


@dataclass(frozen=True)
class Goal:
    """A goal, what was measured, and what there is to say about a miss."""

    work: str
    goal: str
    measured: str
    met: bool

    @property
    def remark(self) -> str:
        """What is known about a miss; empty for a goal that is met."""
        return "" if self.met else REMARKS.get(self.work, "")


def added(recording: Figures, wrapped: str, bare: str) -> float:
    """What a wrapper adds to the bare call, in nanoseconds."""
    return float(recording[wrapped]["best"] - recording[bare]["best"])


def _at_most(work: str, limit: float, value: float, unit: str, digits: int = 1) -> Goal:
    return Goal(work, f"≤ {limit:g} {unit}", f"{value:.{digits}f} {unit}", value <= limit)


def _times(work: str, limit: float, value: float, against: str) -> Goal:
    return Goal(work, f"≥ {limit:g}× {against}", f"{value:.1f}×", value >= limit)


def _recording(figures: Figures) -> Iterator[Goal]:
    recording = figures["recording"]
    floor = recording["empty C function"]["best"]

    def calls(name: str) -> float:
        return float(recording[name]["best"] / floor)

    yield _at_most(
        "kept handle: `tool.record_call(success=True, latency_ms=x)`", 2, calls("tool.record_call"), "empty C calls", 2
    )
    yield _at_most("kept handle: `cache.record_hit()`", 2, calls("cache.record_hit"), "empty C calls", 2)
    yield _at_most(
        '`record_tool_call("name", success=True, latency_ms=x)`', 5, calls("record_tool_call"), "empty C calls", 2
    )
    sync = added(recording, "@tool sync", "empty Python function")
    yield _at_most(
        "`@tool` on a function adds", 2, sync / recording["perf_counter_ns"]["best"], "perf_counter_ns() calls", 2
    )
    typical = added(recording, "prometheus_client decorator", "empty Python function")
    yield _times(
        "`@tool` on a function, beside the typical decorator", 40, typical / sync, "less than on prometheus_client"
    )
    coroutine = added(recording, "@tool async", "plain await")
    yield _at_most("`@tool` on an `async def` adds", 120, coroutine, "ns")
    kept = recording["functools.lru_cache hit"]["best"]
    yield _at_most("a hit of `@cached`", 3, recording["@cached hit"]["best"] / kept, "hits of functools.lru_cache", 2)
    around = recording["instrument_cache of lru_cache hit"]["best"] / kept
    yield _at_most("a hit of `instrument_cache(...)` around an lru_cache function", 2, around, "of its own hits", 2)
    python = added(recording, "Python async decorator", "plain await")
    yield _times("`@tool` on an `async def`, beside a decorator in Python", 3, python / coroutine, "less")


def _instruments(figures: Figures) -> Iterator[Goal]:
    records = figures["instruments"]["records"]
    floor = records["empty C function"]["best"]

    def times(name: str) -> float:
        return float(records[name]["best"] / floor)

    for what in ("child.inc()", "gauge.set(x)", "histogram.observe(x)"):
        yield _at_most(f"kept child: `{what}`", 2, times(f"toolvitals: {what}"), "empty C calls", 2)
    yield _at_most('`labels("a", "b")`', 4, times('toolvitals: labels("a", "b")'), "empty C calls", 2)
    for form in ("dict kept", "keys in another order"):
        subject = f"attributes, {form}"
        yield _at_most(f"look-up of two {subject}", 5, times(f"toolvitals: {subject}"), "empty C calls", 2)


def _exposition(figures: Figures) -> Iterator[Goal]:
    exposition = figures["exposition"]
    for state, what in (("idle", "nothing called in between"), ("busy", "every tool called in between")):
        ratio = exposition["generate_latest"]["best"] / exposition[state]["best"]
        yield _times(f"28,000 lines beside generate_latest, {what}", 100, ratio, "below prometheus_client")
        ours = exposition[f"{state}, from Python"]["best"]
        ratio = exposition["generate_latest"]["best"] / ours
        yield _times(f"28,000 lines of our own `generate_latest()`, {what}", 100, ratio, "below prometheus_client")
        yield _at_most(
            f"28,000 lines of our own `generate_latest()`, {what}: beside the native rendering",
            2,
            ours / exposition[state]["best"],
            "of its time",
            2,
        )


def _snapshots(figures: Figures) -> Iterator[Goal]:
    snapshots = figures["snapshots"]
    peers = ("prometheus_client: registry.collect()", "OpenTelemetry: InMemoryMetricReader")
    tools, labelled = snapshots["tools"], snapshots["labelled"]["idle"]
    samples = "`tv.snapshot()` of 100 tools × 1000 samples"
    for work, timings, ours in (
        (samples, tools["idle"], "tv.snapshot()"),
        (f"{samples}, every tool called since", tools["busy"], "tv.snapshot()"),
        (f"{samples}, and its tools", tools["idle"], "tv.snapshot() and its tools"),
        (f"{samples}, and its tools, every tool called since", tools["busy"], "tv.snapshot() and its tools"),
        ("`tv.snapshot()` of 10,000 counters + 1,000 histograms", labelled, "tv.snapshot() and its families"),
    ):
        for peer in peers:
            yield _times(f"{work}, beside {peer}", 10, timings[peer]["best"] / timings[ours]["best"], "less")


def _memory(figures: Figures) -> Iterator[Goal]:
    yield _at_most(
        "resident memory of 100 tools × 1000 samples", 1.5, figures["memory"]["toolvitals"]["recorded"] / 1e6, "MB", 2
    )


def _imports(figures: Figures) -> Iterator[Goal]:
    imports = figures["imports"]
    yield _at_most("`from toolvitals import tool`", 25, imports["toolvitals"] / 1e6, "ms")
    theirs = imports["prometheus_client"] / imports["toolvitals.prometheus"]
    yield _times("`import toolvitals.prometheus`", 1, theirs, "less than prometheus_client")


def _processes(figures: Figures) -> Iterator[Goal]:
    processes = figures["processes"]
    ours, theirs = processes["toolvitals"], processes["prometheus_client"]
    many = f"{processes['workers']} workers × {processes['tools']} tools"
    yield _at_most(f"{many}, one scrape", 2, ours["scrape"]["best"] / 1e6, "ms", 2)
    yield _at_most(f"{many}, after {ours['dead']:,} have ended", 2, ours["after"]["best"] / 1e6, "ms", 2)
    yield _times(f"{many}, one scrape", 20, theirs["scrape"]["best"] / ours["scrape"]["best"], "prometheus_client")
    worst = max(t["shared"] / t["alone"] for t in processes["recording"].values())
    yield _at_most("a record in a shared directory, beside one that is not shared", 1.1, worst, "times", 2)


def _scrapes(figures: Figures) -> Iterator[Goal]:
    scrapes = figures["scrapes"]
    theirs = scrapes["prometheus_client"]["per_second"]
    for name, what in (("toolvitals", ""), ("toolvitals, idle connections held", ", 10,000 idle connections held")):
        ours = scrapes[name]
        work = f"HTTP scrapes of 100 tools, 8 connections{what}"
        yield _times(work, 20, ours["per_second"] / theirs, "prometheus_client's server")
        yield _at_most(f"{work}: p99", 5, ours["p99"] * 1e3, "ms", 2)


def _interference(figures: Figures) -> Iterator[Goal]:
    stalls = figures["interference"]["stalls"]
    control, ours = stalls["no scrape"], stalls["toolvitals"]
    # Gaps below 50 µs are not told from none, so that is all that a scrape may seem to add.
    yield Goal(
        "what a scrape adds to the event loop's lag",
        "nothing measurable",
        f"longest gap in a scrape {ours['median'] / 1e6:.2f} ms, without one {control['median'] / 1e6:.2f} ms",
        ours["median"] <= control["median"] + 50_000,
    )
    records = figures["interference"]["records"]["toolvitals"]
    # Means, because a stall falls on few batches and a median would not see it.
    slower = (records["scraped_mean"] / records["calm_mean"] - 1) * 100
    yield _at_most("recording during 100 scrapes/s is slower by", 5, slower, "%")


def _cpp(figures: Figures) -> Iterator[Goal]:
    cpp = figures["cpp"]
    for work, benchmark, limit in (
        ("C++ `Counter::Increment`", "Counter/Increment/serialized", 2),
        ("C++ `Gauge::Set`", "Gauge/Set", 5),
        ("C++ `Histogram::Observe`", "Histogram/Observe/serialized", 15),
        ("C++ `Histogram::Observe`, concurrent writers", "Histogram/Observe/concurrent", 15),
    ):
        yield _at_most(work, limit, cpp[benchmark]["ns"], "ns")
    for noun in ("Counter/Increment", "Histogram/Observe", "Collector/Record"):
        one, two = (cpp[f"{noun}/two_series/real_time/threads:{threads}"]["per_second"] for threads in (1, 2))
        yield _times(f"C++ `{noun}`: two threads on two series", 1.8, two / one, "one thread")
    yield _at_most("five percentiles of a 1000-sample window", 5, cpp["Quantiles/copy_and_five/1000"]["ns"] / 1e3, "µs")
    theirs = cpp["Instruments/prometheus_cpp/1000"]["ns"]
    ours = cpp["Instruments/scrape/1000"]["ns"]
    yield _at_most("28,000 lines of instruments, collect + serialize", 2, ours / 1e6, "ms", 2)
    yield _times("28,000 lines of instruments", 10, theirs / ours, "below prometheus-cpp")
    if "exposition" in figures:
        client = figures["exposition"]["generate_latest"]["best"]
        yield _times("28,000 lines of instruments in C++", 100, client / ours, "below prometheus_client")
    small, large = (cpp[f"Instruments/scrape/{units}"] for units in (3600, 36_000))
    growth = large["ns"] / large["lines"] / (small["ns"] / small["lines"])
    yield _at_most("a line of 1,000,000 beside one of 100,000", 1.5, growth, "times as long", 2)
    theirs = cpp[f"Scrape/prometheus_cpp/{LARGE}"]["ns"]
    for state, what in (("idle", "nothing called in between"), ("busy", "every tool called in between")):
        ours = cpp[f"Scrape/{state}/{LARGE}"]["ns"]
        yield _at_most(f"28,000 lines, collect + serialize, {what}", 2, ours / 1e6, "ms", 2)
        yield _times(f"28,000 lines beside prometheus-cpp, {what}", 10, theirs / ours, "below prometheus-cpp")


JUDGES: dict[str, Callable[[Figures], Iterator[Goal]]] = {
    "recording": _recording,
    "instruments": _instruments,
    "exposition": _exposition,
    "snapshots": _snapshots,
    "cpp": _cpp,
    "scrapes": _scrapes,
    "interference": _interference,
    "memory": _memory,
    "imports": _imports,
    "processes": _processes,
}


def judge(figures: Figures) -> list[Goal]:
    """The goals of the areas that were measured."""
    return [goal for area, goals in JUDGES.items() if area in figures for goal in goals(figures)]
