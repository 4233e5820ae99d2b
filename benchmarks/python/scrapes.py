"""Scrapes over HTTP as fast as the server gives them, with wrk on eight connections."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

from benchmarks.python.client import hold_idle, serving, still_open

__all__ = ["run"]

CONNECTIONS = 8
IDLE_CONNECTIONS = 10_000
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9.]+)(us|ms|s|m)", text)
    if match is None:
        raise RuntimeError(f"wrk said {text!r}")
    return float(match[1]) * UNITS[match[2]]


def _wrk(port: int, seconds: int) -> dict[str, float]:
    """Requests per second, latencies in seconds, and how many requests failed."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/metrics"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", output)
    if rate is None:
        raise RuntimeError(f"wrk said:\n{output}")
    result = {"per_second": float(rate[1])}
    for percent in (50, 99):
        found = re.search(rf"^\s+{percent}%\s+(\S+)$", output, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"wrk said:\n{output}")
        result[f"p{percent}"] = _seconds(found[1])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    result["refused"] = float(refused[1]) if refused else 0.0
    return result


def run(quick: bool) -> dict[str, Any]:
    """What wrk measured, by server; each server is measured several times in turns, and the best turn counts."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed; on Debian: apt-get install wrk")
    seconds, turns, idle = (1, 1, 200) if quick else (3, 4, IDLE_CONNECTIONS)
    taken: dict[str, list[dict[str, float]]] = {}
    for _ in range(turns):
        for library in ("toolvitals", "prometheus_client"):
            with serving(library) as service:
                taken.setdefault(library, []).append(_wrk(service.port, seconds))
        with serving("toolvitals") as service, hold_idle(service.port, idle) as held:
            measured = _wrk(service.port, seconds)
            measured["held"] = still_open(held)
            taken.setdefault("toolvitals, idle connections held", []).append(measured)
    return {name: max(results, key=lambda result: result["per_second"]) for name, results in taken.items()}
