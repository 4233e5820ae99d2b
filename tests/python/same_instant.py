"""A service of one process, which reads itself in three ways while all clocks stand still. Runs in a process alone."""

from __future__ import annotations

import gc
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import toolvitals as tv
from toolvitals import _core, prometheus
from toolvitals.snapshot import Histogram, Snapshot
from toolvitals.sources import Directory, Endpoint, ThisProcess

__all__ = ["main"]


kept: list[Any] = []


@tv.tool
def pages() -> Iterator[int]:
    yield 1
    yield 2


def record_tools() -> None:
    collector = tv.get_collector()
    for latency_ms in (1.0, 2.5, 300.0, 12.125):
        collector.record_tool_call("search", latency_ms=latency_ms)
    collector.record_tool_call("search", success=False, latency_ms=7.0, error_type="TimeoutError")
    collector.record_tool_call("", latency_ms=1.0)
    # Percentiles that lie beyond the largest number, and a sum that does.
    for latency_ms in (1.7e308, 0.0, 1.7e308):
        collector.record_tool_call("endless", latency_ms=latency_ms)
    list(pages())
    collector.record_cache_hit("files")
    collector.record_cache_eviction("files")


def record_instruments() -> None:
    jobs = prometheus.Counter("jobs", 'Jobs "of" all\n kinds.', ["kind"], max_series=3)
    for kind in "abcde":
        jobs.labels(kind).inc(0.1, {"trace": "x" + kind})
    jobs.labels("a").inc(2)
    level = prometheus.Gauge("level", "Level.", ["which"])
    for which, value in {"nan": math.nan, "inf": math.inf, "minus": -math.inf, "big": 1e300}.items():
        level.labels(which).set(value)
    sizes = prometheus.Histogram("sizes_bytes", "Sizes.", unit="bytes", buckets=(1, 10))
    for size in (0.0, 0.5, 5, 1e9, -3):
        sizes.observe(size, {"trace": "1"})
    prometheus.Summary("wait", "Waits.").observe(2)
    for which, value in {"above": math.inf, "below": -math.inf, "between": 1.5}.items():
        waits = prometheus.Summary(f"wait_{which}", "Waits.", quantiles=(0.5,))
        for _ in range(2):
            waits.observe(value)
    prometheus.Summary("wait_never", "Waits.", quantiles=(0.5,))
    prometheus.Enum("state", "State.", states=["up", "down"]).state("down")
    prometheus.Info("build", "Build.").info({"version": "1", "na": "\u00fc\U0001f600"})


def record_attributes() -> None:
    """Of every type, and such as look alike where there are only labels."""
    calls = _core.CounterBase()
    calls._define("calls", "Calls.", "", (), open=True, max_series=12)
    calls._show(0, True)
    for value in (1, 1.0, True, "1", math.nan, math.inf, -0.0, [1], [1.0, math.nan], ["a", ""], []):
        calls._with_attributes({"a.b": value, "\u00fc": "x"}).inc()
    for number in range(3):
        calls._with_attributes({"n": number}).inc(2)
    sizes = _core.HistogramBase()
    sizes._define("call_sizes", "Sizes.", "", (), open=True, bounds=(1.0, 10.0), native=True)
    sizes._show(0, True)
    sizes._with_attributes(None).observe(5)
    sizes._with_attributes({"le": -(2**63)}).observe(0.5)
    # The instruments have to live until everything is read.
    kept.extend((calls, sizes))


def copy_proc(target: Path) -> None:
    """What the core reads of /proc, as it is now."""
    # Read once, for another thread may take memory at any time.
    files = {name: Path("/proc/self", name).read_text() for name in ("stat", "limits")}
    for who in ("self", str(os.getpid())):
        (target / who / "fd").mkdir(parents=True)
        for name, text in files.items():
            (target / who / name).write_text(text)
        for number in range(5):
            (target / who / "fd" / str(number)).touch()
    (target / "stat").write_text(Path("/proc/stat").read_text())


def differences(mine: Snapshot, other: Snapshot, whose: str) -> list[str]:
    parts = [(name, getattr(mine, name), getattr(other, name)) for name in Snapshot.__dataclass_fields__]
    parts += [(name, family, other.families.get(name)) for name, family in mine.families.items()]
    return [f"{name} of {whose}: {found!r} instead of {own!r}" for name, own, found in parts if own != found]


def main(directory: str, proc: str) -> None:
    """Prints what is not equal, and some of what was read."""
    endpoints = tv.start(json_port=0, dir=directory, namespace="app")
    assert endpoints.json_url is not None
    record_tools()
    record_instruments()
    record_attributes()
    with tv.track("hangs"):
        copy_proc(Path(proc))
        # A collection in between would be counted.
        gc.disable()
        _core.stand_still(proc)
        mine = ThisProcess().read()
        theirs = Directory(directory).read()
        remote = Endpoint(endpoints.json_url, timeout_s=60).read()
    endless = mine.tools["endless"]
    first_items = mine.tools["pages"].first_item_ms
    sizes = mine.families["sizes_bytes"].series[0].value
    assert first_items is not None
    assert isinstance(sizes, Histogram)
    assert sizes.native is not None
    seen: dict[str, Any] = {
        "different": differences(mine, theirs, "the directory") + differences(mine, remote, "the endpoint"),
        "equal": mine == theirs == remote,
        "oldest": mine.tools["hangs"].oldest_in_progress_ms,
        "first_items": first_items.count,
        "endless": [repr(endless.latency_ms.p50), repr(endless.total_latency_ms), repr(endless.durations.sum)],
        "waits": [repr(mine.families[f"wait_{which}"].series[0].value.quantiles) for which in ("above", "below")],
        "overflow": mine.own.overflow["jobs"].records,
        "limits": [mine.own.limits.max_series, mine.own.limits.memory_bytes, mine.own.limits.window_size],
        "families": len(mine.families),
        "natives": sizes.native.count,
        "open_series": len(mine.families["calls"].series),
        "cpu_seconds": mine.processes[0].cpu_seconds,
    }
    print(json.dumps(seen))
