"""The real Pushgateway, started for a test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import prometheus_server
import scrapes
from ports import free_port
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_until

__all__ = ["Pushgateway", "running"]


class Pushgateway:
    """A running Pushgateway."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return scrapes.fetch(f"http://{self.address}/-/ready") == "OK"
        except httpx.HTTPError:
            return False

    def families(self) -> dict[str, Metric]:
        """What it shows, its own families too."""
        text = scrapes.fetch(f"http://{self.address}/metrics")
        return {family.name: family for family in text_string_to_metric_families(text)}

    def values(self, family: str) -> dict[tuple[tuple[str, str], ...], float]:
        """The values of a family's samples that are named as it, by labels; empty where it is not there."""
        found = self.families().get(family.removesuffix("_total"))
        samples = found.samples if found is not None else []
        return {tuple(sorted(s.labels.items())): s.value for s in samples if s.name == family}


@contextmanager
def running(folder: Path) -> Iterator[Pushgateway]:
    """Runs a Pushgateway that keeps everything in memory."""
    address = f"127.0.0.1:{free_port()}"
    log = folder / "pushgateway.log"
    command = [prometheus_server.program("prometheus-pushgateway"), f"--web.listen-address={address}"]
    command.append("--persistence.file=")  # Debian's keeps one for the whole machine by default.
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, cwd=folder) as process:
        gateway = Pushgateway(address)
        try:
            wait_until(lambda: gateway.ready() or process.poll() is not None, "the Pushgateway is ready")
            assert process.poll() is None, log.read_text()
            yield gateway
        finally:
            process.terminate()
