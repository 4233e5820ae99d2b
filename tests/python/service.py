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

WORKER = Path(__file__).with_name("service_worker.py")


class Worker:
    def __init__(self, directory: Path, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER)],
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

    def do(self, action: str, *arguments: Any) -> Any:
        """One of service_worker's actions: what it returns, or what it raised as text."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([action, *arguments]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def record(self, tool: str, *latencies_ms: float) -> None:
        assert self.do("record", tool, *latencies_ms) is None

    def count(self, kind: str, amount: float = 1) -> None:
        """In the counter `jobs`, which every worker has."""
        assert self.do("use_child", "jobs", [kind], "inc", amount) is None

    def metrics(self) -> Any:
        return self.do("metrics")

    def text(self) -> str:
        return str(self.do("text"))

    def is_alive(self) -> bool:
        return self._process.poll() is None

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
