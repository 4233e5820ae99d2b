"""Running the Google Benchmark binaries and condensing what they say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["run"]

NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def _binaries(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*_benchmarks") if path.is_file())
    if not found:
        raise FileNotFoundError(f"no *_benchmarks in {folder}: build them with -DTOOLVITALS_BUILD_BENCHMARKS=ON")
    return found


def _run_binary(binary: Path, quick: bool) -> list[dict[str, Any]]:
    # Many short repetitions in random order, of which the best counts: noise only ever adds.
    effort = ["0.001", "1"] if quick else ["0.05", "9"]
    process = subprocess.run(
        [
            str(binary),
            "--benchmark_format=json",
            f"--benchmark_min_time={effort[0]}",
            f"--benchmark_repetitions={effort[1]}",
            "--benchmark_enable_random_interleaving=true",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    benchmarks: list[dict[str, Any]] = json.loads(process.stdout)["benchmarks"]
    return benchmarks


def run(folder: Path, quick: bool) -> dict[str, Any]:
    """The best repetition of each benchmark under a build folder.

    Returns:
        By benchmark name: `ns` per iteration, `per_second` where items are counted, and other counters.
    """
    results: dict[str, Any] = {}
    for binary in _binaries(folder):
        for entry in _run_binary(binary, quick):
            if entry.get("run_type") != "iteration":
                continue
            # The thread's own time, where the benchmark is not about several threads: others may use the machine too.
            clock = "real_time" if "/threads:" in entry["run_name"] else "cpu_time"
            nanos = entry[clock] * NANOSECONDS[entry["time_unit"]]
            best = results.setdefault(entry["run_name"], {"ns": nanos, "per_second": 0.0})
            best["ns"] = min(best["ns"], nanos)
            best["per_second"] = max(best["per_second"], entry.get("items_per_second", 0.0))
            best.update({key: entry[key] for key in ("lines", "bytes") if key in entry})
    return results
