"""What the endpoints say, read over HTTP like any other reader of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from prometheus_client.parser import text_string_to_metric_families
from tests.demo.tally import Counts, Expected

from toolvitals.snapshot import Snapshot
from toolvitals.sources import Endpoint, SourceError

__all__ = ["differences", "prometheus_counts", "read", "read_text", "snapshot_counts"]

_OUTCOMES = {"success": "successful_calls", "error": "failed_calls", "cancelled": "cancelled_calls"}

Found = TypeVar("Found")


def read(url: str, tries: int = 1) -> Snapshot:
    """The metrics at an address of this machine.

    Where processes that share the address are killed, a reader asks again, and another one answers: so many tries.
    """
    return _asked(Endpoint(url, timeout_s=10).read, tries)


def read_text(url: str, tries: int = 1) -> str:
    """The same as Prometheus has it."""
    return _asked(lambda: Endpoint(url, timeout_s=10).render("prometheus"), tries).decode()


def _asked(ask: Callable[[], Found], tries: int) -> Found:
    while True:
        tries -= 1
        try:
            return ask()
        except SourceError:
            if tries <= 0:
                raise


def snapshot_counts(snapshot: Snapshot) -> Counts:
    """Calls by name and outcome, of a snapshot."""
    return Counts(
        {
            (name, outcome): getattr(tool, key)
            for name, tool in snapshot.tools.items()
            for outcome, key in _OUTCOMES.items()
        }
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
