"""Many processes as one: what recording costs in a shared directory, and what a scrape of all of them takes."""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

__all__ = ["run"]

WORKERS = 8
TOOLS = 100
CALLS = 1000
DEAD = 10_000
PEERS_DEAD = 100
SCRAPES = 51
ROUNDS = 9


def _time(scrape: Callable[[], object], scrapes: int) -> dict[str, float]:
    scrape()
    gc.collect()
    gc.disable()
    rounds = []
    for _ in range(scrapes):
        started = perf_counter_ns()
        scrape()
        rounds.append(perf_counter_ns() - started)
    gc.enable()
    return {"best": min(rounds), "median": statistics.median(rounds)}


def _fork(work: Callable[[], None], *, stay: bool) -> int:
    """A child that works, and then ends or stays until it is killed; returns when the work is done."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        work()
        os.write(writer, b"x")
        if stay:
            os.read(0, 1)
        os._exit(0)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    if not stay:
        os.waitpid(pid, 0)
    return pid


def _end(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def _ours(dead: int) -> dict[str, Any]:
    """Of a member of the directory, which TOOLVITALS_DIR names."""
    import toolvitals
    from toolvitals._backend import core

    collector = toolvitals.get_collector()

    def record(calls: int) -> None:
        for tool in range(TOOLS):
            handle = collector.tool(f"tool_{tool}")
            for call in range(calls):
                handle.record_call(True, 1.0 + call % 50)

    def scrape() -> bytes:
        return core.render("prometheus")

    pids = [_fork(lambda: record(CALLS), stay=True) for _ in range(WORKERS - 1)]
    record(CALLS)
    result: dict[str, Any] = {"scrape": _time(scrape, SCRAPES), "lines": scrape().count(b"\n")}
    for _ in range(dead):
        _fork(lambda: record(1), stay=False)
    scrape()
    result["after"] = _time(scrape, SCRAPES)
    folder = Path(os.environ["TOOLVITALS_DIR"])
    result["files"] = len(list(folder.iterdir()))
    result["bytes"] = sum(entry.stat().st_size for entry in folder.iterdir())
    calls = json.loads(core.render("json"))["tools"]["tool_0"]["total_calls"]
    if calls != WORKERS * CALLS + dead:
        raise AssertionError(f"{calls} calls are counted")
    _end(pids)
    return result


def _peers(dead: int) -> dict[str, Any]:
    """Of prometheus_client's multi-process mode, in the folder that PROMETHEUS_MULTIPROC_DIR names."""
    import prometheus_client
    from prometheus_client import multiprocess

    calls = prometheus_client.Counter("tool_calls", "Calls.", ["tool", "outcome"])
    seconds = prometheus_client.Histogram("tool_call_duration_seconds", "Seconds.", ["tool"])

    def record(times: int) -> None:
        for tool in range(TOOLS):
            for call in range(times):
                calls.labels(f"tool_{tool}", "success").inc()
                seconds.labels(f"tool_{tool}").observe((1.0 + call % 50) / 1000)

    registry = prometheus_client.CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)

    def scrape() -> bytes:
        return prometheus_client.generate_latest(registry)

    pids = [_fork(lambda: record(10), stay=True) for _ in range(WORKERS)]
    result: dict[str, Any] = {"scrape": _time(scrape, 5), "lines": scrape().count(b"\n")}
    for _ in range(dead):
        _fork(lambda: record(1), stay=False)
    result["after"] = _time(scrape, 3)
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    result["files"] = len(list(folder.iterdir()))
    result["bytes"] = sum(entry.stat().st_size for entry in folder.iterdir())
    _end(pids)
    return result


def _recording(quick: bool) -> dict[str, float]:
    """Nanoseconds of one record, by what is recorded; alone in this process, in a directory or not."""
    import toolvitals
    from benchmarks.python.timing import Effort, Subject, measure
    from toolvitals import prometheus

    collector = toolvitals.get_collector()
    names = {
        "record": collector.tool("tool").record_call,
        "inc": prometheus.Counter("events", "Events.").inc,
        "observe": prometheus.Histogram("seconds", "Seconds.").observe,
    }
    subjects = [
        Subject("tool.record_call", "record(True, 1.5)", names),
        Subject("counter.inc", "inc()", names),
        Subject("histogram.observe", "observe(0.25)", names),
    ]
    effort = Effort.of(quick) if quick else Effort(rounds=11, round_ns=5_000_000)
    return {name: timing.best for name, timing in measure(subjects, effort).items()}


_PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "ours": _ours,
    "peers": _peers,
    "recording": lambda quick: _recording(bool(quick)),
}


def _alone(part: str, argument: int, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.python.processes", part, str(argument)]
    process = subprocess.run(
        command,
        stdin=subprocess.DEVNULL if part == "recording" else subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    result: dict[str, Any] = json.loads(process.stdout)
    return result


def _scraping(part: str, variable: str, dead: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        path = Path(folder) / "run"
        path.mkdir(mode=0o700)
        command = [sys.executable, "-m", "benchmarks.python.processes", part, str(dead)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, variable: str(path)}
        ) as process:
            assert process.stdout is not None
            # The children read its input for as long as they are to stay.
            line = process.stdout.readline()
            process.communicate()
        result: dict[str, Any] = json.loads(line)
        return {**result, "dead": dead}


def run(quick: bool) -> dict[str, Any]:
    """`recording`: by what is recorded, alone and shared; `toolvitals` and `prometheus_client`: scrapes, in ns."""
    rounds = 1 if quick else ROUNDS
    recording: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for where in ("alone", "shared"):
            with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
                extra = {"TOOLVITALS_DIR": f"{folder}/run"} if where == "shared" else {}
                for name, best in _alone("recording", int(quick), **extra).items():
                    kept = recording.setdefault(name, {})
                    kept[where] = min(kept.get(where, best), best)
    return {
        "recording": recording,
        "toolvitals": _scraping("ours", "TOOLVITALS_DIR", 20 if quick else DEAD),
        "prometheus_client": _scraping("peers", "PROMETHEUS_MULTIPROC_DIR", 3 if quick else PEERS_DEAD),
        "workers": WORKERS,
        "tools": TOOLS,
    }


if __name__ == "__main__":
    print(json.dumps(_PARTS[sys.argv[1]](int(sys.argv[2]))), flush=True)
