"""Forks while everything of the core that takes part in a fork is in use, and prints what its child allocated."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import toolvitals as tv
from toolvitals import _core, prometheus


def child_says() -> bytes:
    """What the child of a fork found, before it did anything else."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, str(ctypes.CDLL(None).allocations_at_fork()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


def main(folder: Path) -> None:
    endpoints = tv.start(json_port=0, prometheus_port=0)
    ingest = _core.Ingest(socket=str(folder / "lines"), datagram_socket=None, mode=0o600, labels=["kind"])
    collector = tv.get_collector()
    counter = prometheus.Counter("jobs", "Help.", ["kind"])
    prometheus.Gauge("depth", "Help.").set_function(lambda: 1.0)
    prometheus.Summary("sizes", "Help.", quantiles=[0.5]).observe(1.0)
    for number in range(50):
        collector.record_tool_call(f"tool{number}", success=True, latency_ms=1.0)
        counter.labels(str(number)).inc()
    prometheus.generate_latest()
    said = [child_says().decode() for _ in range(3)]
    ingest.stop()
    endpoints.stop()
    print(" ".join(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
