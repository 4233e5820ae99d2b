"""A service of several processes that share a directory, each told what to do over its standard input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["Service", "Worker", "samples_of"]

# A process that records what it is told to on its input, says so when it has, and goes on until it ends.
WORKER = """
import json, os, sys
import toolvitals as tv
from toolvitals import prometheus
import toolvitals.prometheus.multiprocess
from toolvitals._backend import core
collector = tv.get_collector()
counter = prometheus.Counter("jobs", "Help.", ["kind"])
print(json.dumps({"dir": core.shared_directory(), "pid": os.getpid()}), flush=True)
for line in sys.stdin:
    try:
        result = eval(line)
    except Exception as error:
        result = repr(error)
    print(json.dumps(result), flush=True)
"""


class Worker:
    def __init__(self, directory: Path, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env={**os.environ, "TOOLVITALS_DIR": str(directory), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.facts = self._answer()
        self.pid: int = self.facts["pid"]

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def do(self, expression: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(expression + "\n")
        self._process.stdin.flush()
        return self._answer()

    def record(self, tool: str, *latencies_ms: float) -> None:
        self.do(f"[collector.record_tool_call({tool!r}, success=True, latency_ms=x) for x in {list(latencies_ms)}]")

    def metrics(self) -> Any:
        return self.do("collector.get_all_metrics()")

    def text(self) -> str:
        return str(self.do("core.render('prometheus').decode()"))

    def kill(self) -> None:
        """By SIGKILL; nothing where it has ended."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._close()

    def end(self) -> int:
        self._close()
        return self._process.wait(timeout=60)

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()


class Service:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workers: list[Worker] = []

    def begin(self, **environment: str) -> Worker:
        self.workers.append(Worker(self.directory, **environment))
        return self.workers[-1]

    def files(self) -> list[str]:
        return sorted(entry.name for entry in self.directory.iterdir())

    def end_all(self) -> None:
        for worker in self.workers:
            worker.kill()


def samples_of(text: str, name: str) -> list[str]:
    """The lines of the samples of that name."""
    return [line for line in text.splitlines() if line.startswith((name + "{", name + " "))]
