"""What the endpoints say, read over HTTP like any other reader of them."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

from toolvitals.demo.clients import Counts

__all__ = ["differences", "json_counts", "prometheus_counts", "read_json", "read_text"]

_SAMPLE = re.compile(r"^tool_calls_total\{(?P<labels>.*)\} (?P<value>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_OUTCOMES = {"success": "successful_calls", "error": "failed_calls", "cancelled": "cancelled_calls"}


def read_text(url: str) -> str:
    """The body at an address of this machine; a proxy that the environment names is not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as response:
        body: bytes = response.read()
    return body.decode()


def read_json(url: str) -> dict[str, Any]:
    """The metrics at a JSON endpoint."""
    metrics: dict[str, Any] = json.loads(read_text(url))
    return metrics


def json_counts(metrics: dict[str, Any]) -> Counts:
    """Calls by name and outcome, from the body of a JSON endpoint."""
    return Counts(
        {(name, outcome): tool[key] for name, tool in metrics["tools"].items() for outcome, key in _OUTCOMES.items()}
    )


def prometheus_counts(text: str) -> Counts:
    """Calls by name and outcome, from the text of a Prometheus endpoint."""
    counts = Counts()
    for sample in _SAMPLE.finditer(text):
        labels = dict(_LABEL.findall(sample["labels"]))
        counts[labels["tool"], labels["outcome"]] += int(float(sample["value"]))
    return counts


def differences(source: str, found: Counts, expected: Counts) -> list[str]:
    """One line for each name and outcome whose count is not the expected one."""
    return [
        f"{source}: {name} {outcome}: endpoint {found[name, outcome]}, clients {expected[name, outcome]}"
        for name, outcome in sorted({*found, *expected})
        if found[name, outcome] != expected[name, outcome]
    ]
