"""What the processes of the service do. One process that is forked from, on command, for each of them.

Each line of its input is a role and its arguments; each line of its output is the number of the process that has it.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import sys
import time
from typing import NoReturn

import toolvitals as tv
from toolvitals import prometheus
from toolvitals._backend import core

__all__: list[str] = []

collector = tv.get_collector()
jobs = prometheus.Counter("jobs", "What each worker has done.", ["life"])
sizes = prometheus.Histogram("sizes", "Sizes of what was done.", native=True)


def work(life: int, ledger: memoryview) -> NoReturn:
    """Records without end. The ledger says before each record that it begins, and behind it that it is made."""
    mine = jobs.labels(str(life))
    errors = ("TimeoutError", "ValueError", None)
    while True:
        done = ledger[2 * life + 1]
        ledger[2 * life] = done + 1
        kind = done % 3
        collector.record_tool_call("work", success=kind == 2, latency_ms=float(done % 50), error_type=errors[kind])
        mine.inc()
        sizes.observe(done % 1000)
        ledger[2 * life + 1] = done + 1
        if done % 64 == 0:
            # Tools that come and go make segments grow while they are read.
            collector.record_cache_hit(f"cache {done // 64 % 20}")


def take_in() -> NoReturn:
    """Reads without end, and so takes in whoever has ended."""
    while True:
        core.render("prometheus")


def serve(port: int) -> NoReturn:
    """Answers for all, from native threads."""
    tv.start(json_port=port)
    while True:
        time.sleep(60)


def main() -> None:
    path, seed = sys.argv[1], int(sys.argv[2])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    random.seed(seed)
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped, memoryview(mapped).cast("Q") as ledger:
        for line in sys.stdin:
            role, argument = line.split()
            pid = os.fork()
            if pid == 0:
                os.close(0)
                if role == "work":
                    work(int(argument), ledger)
                elif role == "serve":
                    serve(int(argument))
                take_in()
            print(pid, flush=True)


if __name__ == "__main__":
    main()
