"""What the endpoints say, read over HTTP like any other reader of them."""

from __future__ import annotations

import http.client
import json
import urllib.request
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from tests.demo.tally import Counts, Expected

__all__ = ["differences", "json_counts", "prometheus_counts", "read_json", "read_text"]

_OUTCOMES = {"success": "successful_calls", "error": "failed_calls", "cancelled": "cancelled_calls"}


def read_text(url: str, tries: int = 1) -> str:
    """The body at an address of this machine; a proxy that the environment names is not asked.

    Where processes that share the address are killed, a reader asks again, and another one answers: so many tries.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        tries -= 1
        try:
            with opener.open(url, timeout=10) as response:
                body: bytes = response.read()
            return body.decode()
        except (OSError, http.client.HTTPException):
            if tries <= 0:
                raise


def read_json(url: str, tries: int = 1) -> dict[str, Any]:
    """The metrics at a JSON endpoint."""
    metrics: dict[str, Any] = json.loads(read_text(url, tries))
    return metrics


def json_counts(metrics: dict[str, Any]) -> Counts:
    """Calls by name and outcome, from the body of a JSON endpoint."""
    return Counts(
        {(name, outcome): tool[key] for name, tool in metrics["tools"].items() for outcome, key in _OUTCOMES.items()}
    )


def prometheus_counts(text: str) -> Counts:
    """Calls by name and outcome, from the text of a Prometheus endpoint."""
    counts = Counts()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "tool_calls_total":
                counts[sample.labels["tool"], sample.labels["outcome"]] += int(sample.value)
    return counts


def differences(source: str, found: Counts, expected: Expected) -> list[str]:
    """One line for each name and outcome whose count is not the expected one."""
    return [
        f"{source}: {name} {outcome}: endpoint {found[name, outcome]}, clients {expected.counts[name, outcome]}"
        for name, outcome in sorted({*found, *expected.counts})
        if not 0 <= found[name, outcome] - expected.counts[name, outcome] <= expected.uncertain[name, outcome]
    ]
