"""The real Prometheus, started for a test."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import scrapes
from ports import free_port
from waiting import wait_until

__all__ = ["Prometheus", "program", "running"]

_CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
- job_name: toolvitals
  static_configs: [{{targets: ["{target}"]}}]
"""


def program(name: str) -> str:
    """Where the program is; fails, rather than skips, where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; `apt-get install prometheus` has it, and `make test` installs it")
    return found


class Prometheus:
    """A running Prometheus, asked through its HTTP API."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return "Ready" in scrapes.fetch(f"{self._address}/-/ready")
        except httpx.HTTPError:
            return False

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        answer = json.loads(scrapes.fetch(f"{self._address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        assert answer["status"] == "success"
        return answer["data"]

    def query(self, expression: str) -> dict[tuple[str, ...], float]:
        """The values of an instant query, by the values of the labels that are left."""
        result = self.get("query", query=expression)["result"]
        return {tuple(value for _, value in sorted(one["metric"].items())): float(one["value"][1]) for one in result}

    def target(self) -> Any:
        """What it knows of the endpoint that it scrapes."""
        (target,) = self.get("targets")["activeTargets"]
        return target


@contextmanager
def running(target: str, folder: Path, *, native_histograms: bool = False) -> Iterator[Prometheus]:
    """Runs Prometheus, scraping the target five times a second; ends it and shows its log where it did not start.

    With native histograms it asks for protobuf first.
    """
    configuration = folder / "prometheus.yml"
    configuration.write_text(_CONFIGURATION.format(target=target))
    port = free_port()
    command = [
        program("prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    if native_histograms:
        command.append("--enable-feature=native-histograms")
    log = folder / "prometheus.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        try:
            wait_until(lambda: prometheus.ready() or process.poll() is not None, "Prometheus is ready")
            assert process.poll() is None, log.read_text()
            yield prometheus
        finally:
            process.terminate()
