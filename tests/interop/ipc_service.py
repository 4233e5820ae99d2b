"""`toolvitals serve` as a process of its own, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import TracebackType

from scrapes import scrape

__all__ = ["Service"]


class Service:
    """A running metrics server with a socket at `path`; stopped by SIGTERM at the end of a block."""

    def __init__(self, path: str, *options: str, **environment: str) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "error",
                "-m",
                "toolvitals",
                "serve",
                "--prometheus-port=0",
                "--socket",
                path,
                *options,
            ],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.places: dict[str, str] = {}
        # The line about the stream socket comes behind those about the endpoints, and its socket is bound by then.
        while "Records, as a stream" not in self.places:
            title, _, place = self.process.stdout.readline().strip().partition(": ")
            if not title:
                raise RuntimeError(self.end()[1])
            self.places[title] = place

    def values(self) -> dict[str, float]:
        """The samples of a scrape that are about what was sent: `name{a="x"}` and the value."""
        found = {}
        for family in scrape(self.places["Metrics for Prometheus"]).values():
            if family.name.startswith(("process_", "python_")):
                continue
            for sample in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
                found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
        return found

    def lines(self, result: str = "accepted") -> int:
        """How many lines had that result so far."""
        return int(self.values()[f'toolvitals_ipc_lines_total{{result="{result}"}}'])

    def bad_lines(self) -> dict[str, float]:
        """Lines that were not accepted, by their series."""
        prefix = "toolvitals_ipc_lines_total"
        return {n: v for n, v in self.values().items() if n.startswith(prefix) and v and "accepted" not in n}

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Sends the signal and waits: the exit code, and what stood on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            assert self.end() == (0, "")
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
