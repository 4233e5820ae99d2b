"""A program with prometheus-summary, whose Summary derives from the client's and adds quantiles."""

from __future__ import annotations

from prometheus_client import REGISTRY, generate_latest
from prometheus_summary import Summary


def run() -> str:
    plain = Summary("size_bytes", "Sizes", invariants=((0.5, 0.05), (0.75, 0.02), (0.99, 0.005)))
    labelled = Summary("wait_seconds", "Waits", ["queue"], namespace="shop")
    for i in range(1, 101):
        plain.observe(i)
        labelled.labels("in").observe(i / 10)
    labelled.labels(queue="out").observe(7)
    with labelled.labels("timed").time():
        pass
    labelled.labels("gone").observe(1)
    labelled.remove("gone")
    return generate_latest(REGISTRY).decode()
