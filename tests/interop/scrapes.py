"""Scrapes of a running endpoint, each read by prometheus_client's parser and searched for duplicate series."""

from __future__ import annotations

from collections import Counter

import web
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["calls", "counts_of", "errors", "fetch", "parse", "scrape"]


def fetch(url: str, **headers: str) -> str:
    """The body at an address."""
    return web.fetch(url, **headers).raise_for_status().text


def parse(text: str) -> dict[str, Metric]:
    """The families of a scrape by name; fails where a family or a series is there twice."""
    families = list(text_string_to_metric_families(text))
    names = Counter(family.name for family in families)
    assert not [name for name, count in names.items() if count > 1]
    series = Counter((sample.name, tuple(sorted(sample.labels.items()))) for f in families for sample in f.samples)
    assert not [one for one, count in series.items() if count > 1]
    described = Counter(line.split()[2] for line in text.splitlines() if line.startswith("# TYPE "))
    assert not [name for name, count in described.items() if count > 1]
    return {family.name: family for family in families}


def scrape(url: str) -> dict[str, Metric]:
    """Fetches and parses."""
    return parse(fetch(url))


def counts_of(families: dict[str, Metric], family: str, *labels: str) -> Counter[tuple[str, ...]]:
    """The counts of a family that are not zero, by the values of the labels."""
    counts: Counter[tuple[str, ...]] = Counter()
    for sample in families[family].samples if family in families else ():
        if sample.name == f"{family}_total" and sample.value:
            counts[tuple(sample.labels[label] for label in labels)] += int(sample.value)
    return counts


def calls(url: str) -> Counter[tuple[str, ...]]:
    """Calls by tool and outcome, as a scrape says."""
    return counts_of(scrape(url), "tool_calls", "tool", "outcome")


def errors(url: str) -> Counter[tuple[str, ...]]:
    """Failed calls by tool and error type, as a scrape says."""
    return counts_of(scrape(url), "tool_call_errors", "tool", "error_type")
