"""What many children of one histogram keep resident, and what a scrape of them takes; each library by itself."""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
from time import perf_counter
from typing import Any

from benchmarks.python.memory import resident_bytes

__all__ = ["run"]

CHILDREN = 100_000
LIBRARIES = {"toolvitals": "toolvitals.prometheus", "prometheus_client": "prometheus_client"}
# Room for all of them, as their owner would have to give it.
ROOM = {"METRICS_MAX_SERIES": "200000", "METRICS_MEMORY_LIMIT_MB": "1024"}


def measure_here(library: str, children: int) -> dict[str, float]:
    """Bytes and seconds; alone in this process."""
    if library == "toolvitals":
        import toolvitals

        toolvitals.start(json_endpoint_enabled=False)
    client: Any = importlib.import_module(LIBRARIES[library])
    client.disable_created_metrics()
    registry = client.CollectorRegistry()
    warm = client.Histogram("warm", "Warm.", ["tool"], registry=registry)
    warm.labels("tool").observe(1)
    client.generate_latest(registry)
    gc.collect()
    before = resident_bytes()
    histogram = client.Histogram("seconds", "Seconds.", ["tool"], registry=registry)
    for i in range(children):
        histogram.labels(f"tool_{i}").observe(0.0125)
    gc.collect()
    kept = resident_bytes() - before
    started = perf_counter()
    text = client.generate_latest(registry)
    scraped = perf_counter() - started
    return {"bytes": kept, "scrape_s": scraped, "lines": text.count(b"\n"), "children": children}


def run(quick: bool) -> dict[str, Any]:
    """By library: bytes kept, seconds of the first scrape, lines."""
    children = 1000 if quick else CHILDREN
    results: dict[str, Any] = {}
    for library in LIBRARIES:
        command = [sys.executable, "-m", "benchmarks.python.children", library, str(children)]
        process = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **ROOM})
        results[library] = json.loads(process.stdout)
    return results


if __name__ == "__main__":
    print(json.dumps(measure_here(sys.argv[1], int(sys.argv[2]))))
