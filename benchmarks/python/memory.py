"""What a hundred tools with a thousand samples each keep resident, in a process of its own per library."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.python.data import Record, fill

__all__ = ["resident_bytes", "run"]


def _toolvitals() -> tuple[Record, Callable[[], object]]:
    import toolvitals as tv

    collector = tv.get_collector()
    return (
        lambda name, success, latency_ms: collector.record_tool_call(name, success=success, latency_ms=latency_ms),
        collector.get_all_metrics,
    )


def _prometheus_client() -> tuple[Record, Callable[[], object]]:
    from prometheus_client import generate_latest

    from benchmarks.python.peers import PrometheusTools

    tools = PrometheusTools()
    return tools.record, lambda: generate_latest(tools.registry)


def _opentelemetry() -> tuple[Record, Callable[[], object]]:
    from benchmarks.python.peers import opentelemetry_instruments

    counter, histogram, reader = opentelemetry_instruments()

    def record(name: str, success: bool, latency_ms: float) -> None:
        counter.add(1, {"tool": name, "outcome": "success" if success else "error"})
        histogram.record(latency_ms / 1000, {"tool": name})

    def read() -> object:
        return reader.get_metrics_data()

    return record, read


def _plain() -> tuple[Record, Callable[[], object]]:
    from benchmarks.python.peers import PlainCollector

    collector = PlainCollector()
    return collector.record, collector.snapshot


LIBRARIES: dict[str, Callable[[], tuple[Record, Callable[[], object]]]] = {
    "toolvitals": _toolvitals,
    "prometheus_client": _prometheus_client,
    "OpenTelemetry": _opentelemetry,
    "RLock + dict + deque": _plain,
}


def resident_bytes() -> int:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("smaps_rollup has no Rss")


def measure_here(library: str) -> dict[str, int]:
    """Resident bytes that the records took, and that a first reading took on top; alone in this process."""
    # Everything that is loaded and touched only once is paid before the measurement: modules, code, the allocator's
    # first arenas, and one tool's way through all of it.
    record, read = LIBRARIES[library]()
    fill(lambda name, success, latency_ms: None)
    record("warm", True, 1.0)
    record("warm", True, 2.0)
    read()
    gc.collect()
    before = resident_bytes()
    fill(record)
    gc.collect()
    recorded = resident_bytes()
    read()
    gc.collect()
    return {"recorded": recorded - before, "read": resident_bytes() - before}


def run(quick: bool) -> dict[str, Any]:
    """Bytes by library: the median of several processes."""
    results: dict[str, Any] = {}
    for library in LIBRARIES:
        runs = []
        for _ in range(1 if quick else 5):
            process = subprocess.run(
                [sys.executable, "-m", "benchmarks.python.memory", library], capture_output=True, text=True, check=True
            )
            runs.append(json.loads(process.stdout))
        results[library] = {key: sorted(r[key] for r in runs)[len(runs) // 2] for key in ("recorded", "read")}
    return results


if __name__ == "__main__":
    print(json.dumps(measure_here(sys.argv[1])))
