"""Sends records to a metrics server in another process: `toolvitals serve`, over its Unix socket.

    client = toolvitals.ipc.Client("/run/myapp/metrics.sock")
    client.counter("jobs_total", labels={"queue": "mail"})

    with client.track_operation("upload", object_key=key) as operation:
        operation.object_size = upload(key)

The program never waits for the server and never fails because it is away.
"""

from __future__ import annotations

from toolvitals.ipc._tracking import Operation
from toolvitals.ipc.client import Client, ClientStats

__all__ = ["Client", "ClientStats", "Operation"]
