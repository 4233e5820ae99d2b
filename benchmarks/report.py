# ruff: noqa: RUF001 - the tables use the multiplication sign as such.
"""Figures to Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.goals import added, judge

__all__ = ["render"]

Figures = dict[str, Any]

HEAD = """\
# Toolvitals beside its peers

Written by `make bench`. Absolute figures move from machine to machine; what counts are the ratios, which come from one
run on one machine, with all subjects taking turns. A figure is the best of many rounds, because noise only ever adds;
the median beside it tells how quiet the machine was.
"""

QUICK = "\n**A smoke test: each figure was measured for an instant, and none means anything.**\n"


def _table(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "| --- |" + " ---: |" * (len(columns) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _goals(figures: Figures) -> Iterator[str]:
    goals = judge(figures)
    missed = [goal for goal in goals if not goal.met]
    yield "## Goals"
    yield ""
    yield f"{len(goals) - len(missed)} of {len(goals)} met."
    yield ""
    yield from _table(
        ["work", "goal", "measured", ""],
        ([goal.work, goal.goal, goal.measured, "met" if goal.met else "**missed**"] for goal in goals),
    )
    remarks = [goal for goal in missed if goal.remark]
    if remarks:
        yield ""
        yield "### About the misses"
        yield ""
        for goal in remarks:
            yield f"- {goal.work}: {goal.remark}"


FLOORS = ("empty C function", "empty C method", "empty Python function", "perf_counter_ns")
OURS = (
    "tool.record_call, positional",
    "tool.record_call",
    "record_tool_call",
    "record_tool_call, failed",
    "cache.record_hit",
    "record_cache_hit",
)
PEERS = (
    "prometheus_client child inc",
    "prometheus_client labels().inc",
    "prometheus_client child observe",
    "prometheus_client record by name",
    "RLock + dict + deque",
    "OpenTelemetry counter.add",
    "OpenTelemetry histogram.record",
)
ADDED = (
    ("`@tool` on a function", "@tool sync", "empty Python function"),
    ("`@histogram.time()` of prometheus_client", "prometheus_client Histogram.time", "empty Python function"),
    ("typical decorator on prometheus_client", "prometheus_client decorator", "empty Python function"),
    ("`@tool` on an `async def`", "@tool async", "plain await"),
    ("async decorator in Python that times", "Python async decorator", "plain await"),
    ("`@tool` on a generator of one item", "@tool generator", "plain generator"),
    ("`@tool` on an async generator of one item", "@tool async generator", "plain async generator"),
    ('`with track("name")`, whole', "with track", ""),
    ("`@cached` hit, over `functools.lru_cache`", "@cached hit", "functools.lru_cache hit"),
    (
        "`instrument_cache` hit, over the function that it is around",
        "instrument_cache of lru_cache hit",
        "functools.lru_cache hit",
    ),
)


def _recording(recording: Figures) -> Iterator[str]:
    floor = recording["empty C function"]["best"]
    record = recording["record_tool_call"]["best"]
    yield "## One record, from Python"
    yield ""
    yield "The empty C function is METH_NOARGS and returns None. Methods are cheaper to call since CPython 3.11."
    yield ""
    yield from _table(
        ["work", "best, ns", "median, ns", "× empty C call", "× `record_tool_call`"],
        (
            [
                name,
                f"{recording[name]['best']:.1f}",
                f"{recording[name]['median']:.1f}",
                f"{recording[name]['best'] / floor:.2f}",
                f"{recording[name]['best'] / record:.2f}",
            ]
            for name in (*FLOORS, *OURS, *PEERS)
        ),
    )
    yield ""
    yield "## What a wrapper adds to the call it wraps"
    yield ""

    def rows() -> Iterator[list[str]]:
        for name, wrapped, bare in ADDED:
            bare_ns = recording[bare]["best"] if bare else 0.0
            adds = added(recording, wrapped, bare) if bare else recording[wrapped]["best"]
            yield [name, f"{bare_ns:.0f}", f"{recording[wrapped]['best']:.0f}", f"{adds:.0f}"]

    yield from _table(["wrapper", "bare, ns", "wrapped, ns", "adds, ns"], rows())


def _instruments(instruments: Figures) -> Iterator[str]:
    records = instruments["records"]
    floor = records["empty C function"]["best"]
    yield "## One record of an instrument, from Python"
    yield ""
    yield (
        "The same statements on `toolvitals.prometheus` and on `prometheus_client`. Our histogram keeps a native one "
        "beside its classic buckets, as it does by default."
    )
    yield ""

    def rows() -> Iterator[list[str]]:
        for name, timing in records.items():
            peer = records.get(name.replace("toolvitals", "prometheus_client"))
            ratio = f"{peer['best'] / timing['best']:.0f}" if peer is not None and peer is not timing else ""
            best, median = timing["best"], timing["median"]
            yield [name, f"{best:.1f}", f"{median:.1f}", f"{best / floor:.2f}", ratio]

    columns = ["work", "best, ns", "median, ns", "× empty C call", "prometheus_client takes × as long"]
    yield from _table(columns, rows())
    yield ""
    yield "`generate_latest()` of 10,000 labelled counters and 1,000 histograms:"
    yield ""
    yield from _table(
        ["library", "best, ms", "median, ms", "lines"],
        (
            [name, f"{t['best'] / 1e6:.2f}", f"{t['median'] / 1e6:.2f}", f"{instruments['lines'][name]:,}"]
            for name, t in instruments["scrapes"].items()
        ),
    )


def _children(children: Figures) -> Iterator[str]:
    count = next(iter(children.values()))["children"]
    yield f"## {count:,} children of one histogram"
    yield ""
    yield (
        "With 15 buckets each; ours with a native histogram besides. Resident memory that they took, and the first "
        "`generate_latest()`, which puts the labels of all of them together."
    )
    yield ""
    yield from _table(
        ["library", "MB", "bytes a child", "first scrape, s", "lines"],
        (
            [name, f"{c['bytes'] / 1e6:.0f}", f"{c['bytes'] / count:,.0f}", f"{c['scrape_s']:.2f}", f"{c['lines']:,}"]
            for name, c in children.items()
        ),
    )


def _processes(processes: Figures) -> Iterator[str]:
    yield f"## {processes['workers']} processes as one: {processes['tools']} tools each"
    yield ""
    yield (
        "Processes that live and record in a shared directory, each with 1000 samples of each tool; one of them "
        "answers for all. prometheus_client in its multi-process mode, with a counter and a histogram of each tool. "
        "Then the same after other processes have come, recorded and ended, one after the other."
    )
    yield ""
    libraries = ("toolvitals", "prometheus_client")
    yield from _table(
        ["library", "scrape, ms", "lines", "ended since", "scrape, ms", "files", "MB of files"],
        (
            [
                library,
                f"{row['scrape']['best'] / 1e6:.2f}",
                f"{row['lines']:,}",
                f"{row['dead']:,}",
                f"{row['after']['best'] / 1e6:.2f}",
                str(row["files"]),
                f"{row['bytes'] / 1e6:.1f}",
            ]
            for library, row in ((library, processes[library]) for library in libraries)
        ),
    )
    yield ""
    yield "One record, in a process of its own and in one that shares a directory:"
    yield ""
    yield from _table(
        ["work", "alone, ns", "shared, ns", "ratio"],
        (
            [f"`{name}`", f"{t['alone']:.1f}", f"{t['shared']:.1f}", f"{t['shared'] / t['alone']:.2f}×"]
            for name, t in processes["recording"].items()
        ),
    )


def _reading(reading: Figures) -> Iterator[str]:
    yield "## Reading, from Python: 100 tools × 1000 samples"
    yield ""
    lines = reading["lines"]
    yield (
        f"Both libraries hold the same calls. Toolvitals shows {lines['toolvitals']} lines, window percentiles among "
        f"them; prometheus_client {lines['prometheus_client']}, without percentiles."
    )
    yield ""

    def rows() -> Iterator[list[str]]:
        for state, what in (("busy", "every tool called since the last reading"), ("idle", "no call since")):
            for name, timing in reading[state].items():
                yield [f"{name}, {what}", f"{timing['best'] / 1e3:.1f}", f"{timing['median'] / 1e3:.1f}"]

    yield from _table(["work", "best, µs", "median, µs"], rows())


def _exposition(exposition: Figures) -> Iterator[str]:
    yield "## A large scrape, from Python"
    yield ""
    lines = exposition["lines"]
    yield (
        f"Toolvitals renders 966 tools × 1000 samples, {lines['toolvitals']:,} lines; prometheus_client 10,000 "
        f"counters and 1,000 histograms, {lines['prometheus_client']:,} lines."
    )
    yield ""
    names = {
        "idle": "toolvitals, no call since the last reading",
        "busy": "toolvitals, every tool called since",
        "idle, from Python": "toolvitals' own generate_latest(), no call since",
        "busy, from Python": "toolvitals' own generate_latest(), every tool called since",
        "generate_latest": "prometheus_client",
    }

    def rows() -> Iterator[list[str]]:
        for key, name in names.items():
            timing = exposition[key]
            yield [name, f"{timing['best'] / 1e6:.2f}", f"{timing['median'] / 1e6:.2f}"]

    yield from _table(["library", "best, ms", "median, ms"], rows())


def _snapshots(snapshots: Figures) -> Iterator[str]:
    yield "## A snapshot as Python values"
    yield ""
    yield (
        "The same content in every library. Toolvitals' snapshot of tools has the percentiles of every window, which "
        "the others do not keep. It is of its instant when it is taken; tools and families become Python values when "
        "one of them is first looked at, and those that have not moved since are the same values as before."
    )
    yield ""
    tools = "100 tools × 1000 samples"
    measured = {
        f"{tools}, no call since": snapshots["tools"]["idle"],
        f"{tools}, every tool called since": snapshots["tools"]["busy"],
        "10,000 counters and 1,000 histograms, no record since": snapshots["labelled"]["idle"],
        "10,000 counters and 1,000 histograms, each recorded since": snapshots["labelled"]["busy"],
    }

    def rows() -> Iterator[list[str]]:
        for content, timings in measured.items():
            for name, timing in timings.items():
                yield [f"{name}, {content}", f"{timing['best'] / 1e3:,.1f}", f"{timing['median'] / 1e3:,.1f}"]

    yield from _table(["work", "best, µs", "median, µs"], rows())


def _scrapes(scrapes: Figures) -> Iterator[str]:
    yield "## HTTP scrapes of 100 tools × 1000 samples, 8 connections"
    yield ""
    yield "`wrk -t1 -c8` on the same machine, so the load generator takes its share of the processor."
    yield ""
    theirs = scrapes["prometheus_client"]["per_second"]

    def rows() -> Iterator[list[str]]:
        for name, result in scrapes.items():
            yield [
                name,
                f"{result['per_second']:,.0f}",
                f"{result['p50'] * 1e3:.2f}",
                f"{result['p99'] * 1e3:.2f}",
                f"{result['per_second'] / theirs:.1f}",
                f"{result['held']:,.0f}" if "held" in result else "",
            ]

    yield from _table(
        ["server", "requests/s", "p50, ms", "p99, ms", "× prometheus_client", "idle connections still open after"],
        rows(),
    )


def _interference(interference: Figures) -> Iterator[str]:
    yield "## What a scrape does to the service"
    yield ""
    yield (
        "An asyncio loop that never rests notes the gaps between its turns while another process scrapes 20 times a "
        "second; below is the longest gap within each scrape."
    )
    yield ""
    yield from _table(
        ["endpoint", "scrapes", "median, ms", "p90, ms", "max, ms"],
        (
            [name, str(s["scrapes"]), *(f"{s[key] / 1e6:.2f}" for key in ("median", "p90", "max"))]
            for name, s in interference["stalls"].items()
        ),
    )
    yield ""
    yield "Recording without pause while another process scrapes 100 times a second, in turns with calm:"
    yield ""
    yield from _table(
        ["library", "calm, median ns", "scraped, median ns", "calm, mean ns", "scraped, mean ns"],
        (
            [name, *(f"{r[key]:.1f}" for key in ("calm", "scraped", "calm_mean", "scraped_mean"))]
            for name, r in interference["records"].items()
        ),
    )


def _memory(memory: Figures) -> Iterator[str]:
    yield "## Resident memory of 100 tools × 1000 samples"
    yield ""
    yield "Only toolvitals and the plain design keep the samples. The import is not in the figures."
    yield ""
    yield from _table(
        ["library", "recorded, MB", "and read once, MB"],
        ([name, f"{m['recorded'] / 1e6:.2f}", f"{m['read'] / 1e6:.2f}"] for name, m in memory.items()),
    )


def _imports(imports: Figures) -> Iterator[str]:
    yield "## Import"
    yield ""
    yield from _table(["module", "ms"], ([name, f"{nanos / 1e6:.1f}"] for name, nanos in imports.items()))


def _cpp(cpp: Figures) -> Iterator[str]:
    yield "## C++"
    yield ""
    yield (
        "`serialized` is how records are written under the GIL, `concurrent` how they are without it. Windows and "
        "latencies differ from turn to turn, so that the branch predictor cannot learn them; rows named `same` let it."
    )
    yield ""

    def rows() -> Iterator[list[str]]:
        for name, result in cpp.items():
            rate = f"{result['per_second'] / 1e6:.1f}" if result["per_second"] else ""
            lines = f"{result['lines']:,.0f}" if "lines" in result else ""
            yield [name, f"{result['ns']:,.1f}", rate, lines]

    yield from _table(["benchmark", "ns", "million/s, all threads", "lines"], rows())


SECTIONS: dict[str, Callable[[Figures], Iterator[str]]] = {
    "recording": _recording,
    "instruments": _instruments,
    "reading": _reading,
    "exposition": _exposition,
    "snapshots": _snapshots,
    "scrapes": _scrapes,
    "interference": _interference,
    "memory": _memory,
    "children": _children,
    "processes": _processes,
    "imports": _imports,
    "cpp": _cpp,
}


def render(facts: dict[str, str], figures: Figures, *, quick: bool) -> str:
    """The report as Markdown, of the areas that were measured."""
    lines = [HEAD + (QUICK if quick else "")]
    lines += _table(["", "of this run"], ([key, value] for key, value in facts.items()))
    lines += ["", *_goals(figures)]
    for area, section in SECTIONS.items():
        if area in figures:
            lines += ["", *section(figures[area])]
    return "\n".join(lines) + "\n"
