"""Every process behind a shared port is heard: each must say the same, and none may be missing or a stranger.

The kernel chooses who answers a connection. So connections are made until all have answered; each is asked, beside the
metrics, for the number of its process.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from tests.demo.endpoint import differences, prometheus_counts, snapshot_counts
from tests.demo.tally import Expected

from toolvitals.sources.document import snapshot_of

__all__ = ["hear_all"]

# How many connections for each process, and one stranger: a stranger goes unheard with a chance of about e to the power
# of minus LEAST, and a worker that answers is not given up before a chance of e to the power of minus MOST.
LEAST = 10
MOST = 30


def hear_all(addresses: Mapping[str, str], processes: set[int], expected: Expected) -> list[str]:
    """What the processes and the clients disagree on, for both endpoints. Nobody may be killed meanwhile."""
    found: list[str] = []
    for endpoint in ("json", "prometheus"):
        unheard = set(processes)
        share = len(processes) + 1  # Of a stranger among them: one connection in so many would be its own.
        for connections in range(MOST * share):
            if found or (not unheard and connections >= LEAST * share):
                break
            pid, bodies = _ask(addresses[endpoint])
            if pid not in processes:
                found.append(f"{endpoint}: process {pid} answers, which is no worker")
            unheard.discard(pid)
            found += differences(
                f"JSON of process {pid}", snapshot_counts(snapshot_of(bodies[0].encode(), "a worker")), expected
            )
            if endpoint == "prometheus":
                found += differences(f"Prometheus of process {pid}", prometheus_counts(bodies[1]), expected)
        if not found:
            found += [f"{endpoint}: process {pid} never answers" for pid in sorted(unheard)]
    return found


def _ask(url: str) -> tuple[int, list[str]]:
    """Who answers, its JSON and what it has at the address, over one connection and so of one process."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        bodies = []
        for path in ("/metrics.json", parts.path):
            connection.request("GET", path)
            bodies.append(connection.getresponse().read().decode())
            if connection.sock is None:
                raise OSError(f"{url} ends its connections after one answer")
    finally:
        connection.close()
    return int(json.loads(bodies[0])["system"]["process"]["pid"]), bodies
