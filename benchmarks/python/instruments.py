"""What instruments cost: one record, a look-up by labels, and 28,000 lines of a registry, beside the peers."""

from __future__ import annotations

from typing import Any

import prometheus_client

import toolvitals
from benchmarks.python.data import COUNTERS, labelled_registry
from benchmarks.python.floor import empty_c_call
from benchmarks.python.peers import opentelemetry_instruments
from benchmarks.python.timing import Effort, Subject, measure, measure_calls
from toolvitals import _core as core
from toolvitals import prometheus

__all__ = ["run"]


def _subjects(client: Any, name: str) -> list[Subject]:
    """The same statements on either library."""
    registry = client.CollectorRegistry()
    plain = client.Counter("plain", "Plain.", registry=registry)
    labelled = client.Counter("labelled", "Labelled.", ["tool", "outcome"], registry=registry)
    child = labelled.labels("search", "ok")
    gauge = client.Gauge("gauge", "Gauge.", ["tool"], registry=registry).labels("search")
    histogram = client.Histogram("histogram", "Histogram.", ["tool"], registry=registry).labels("search")
    summary = client.Summary("summary", "Summary.", ["tool"], registry=registry).labels("search")
    return [
        Subject(f"{name}: counter.inc()", "c.inc()", {"c": plain}),
        Subject(f"{name}: child.inc()", "c.inc()", {"c": child}),
        Subject(f"{name}: child.inc(2.5)", "c.inc(2.5)", {"c": child}),
        Subject(f"{name}: gauge.set(x)", "g.set(12.5)", {"g": gauge}),
        Subject(f"{name}: histogram.observe(x)", "h.observe(0.0125)", {"h": histogram}),
        Subject(f"{name}: summary.observe(x)", "s.observe(0.0125)", {"s": summary}),
        Subject(f'{name}: labels("a", "b")', "c.labels('search', 'ok')", {"c": labelled}),
        Subject(f'{name}: labels("a", "b").inc()', "c.labels('search', 'ok').inc()", {"c": labelled}),
        Subject(f"{name}: labels by name", "c.labels(tool='search', outcome='ok')", {"c": labelled}),
    ]


def _open() -> list[Subject]:
    """A dict of two short strings that was seen before, in either order of its keys, kept and made in the call."""
    counter = core.CounterBase()
    counter._define("open", "Open.", "", (), open=True)
    kept, turned = {"a": "x", "b": "y"}, {"b": "y", "a": "x"}
    counter._with_attributes(kept)
    look_up = "c._with_attributes(a)"
    return [
        Subject("toolvitals: attributes, dict kept", look_up, {"c": counter, "a": kept}),
        Subject("toolvitals: attributes, keys in another order", look_up, {"c": counter, "a": turned}),
        Subject(
            "toolvitals: attributes, dict made in the call", "c._with_attributes({'a': 'x', 'b': 'y'})", {"c": counter}
        ),
    ]


def _others() -> list[Subject]:
    function, _ = empty_c_call()
    classic = prometheus.Histogram(
        "classic", "Without a native histogram.", ["tool"], registry=None, native=False
    ).labels("search")
    counter, histogram, _ = opentelemetry_instruments()
    attributes = {"tool": "search", "outcome": "ok"}
    return [
        Subject("empty C function", "f()", {"f": function}),
        Subject("toolvitals: histogram.observe(x), classic buckets alone", "h.observe(0.0125)", {"h": classic}),
        Subject("OpenTelemetry: counter.add(1, kept)", "c.add(1, a)", {"c": counter, "a": attributes}),
        Subject("OpenTelemetry: histogram.record(x, kept)", "h.record(0.0125, a)", {"h": histogram, "a": attributes}),
    ]


def run(quick: bool) -> dict[str, Any]:
    """Nanoseconds by subject, best and median; the same of `generate_latest()`, with the lines of each library."""
    # Room for more label sets than the default has.
    toolvitals.start(json_endpoint_enabled=False, max_series=4 * COUNTERS)
    clients = {"toolvitals": prometheus, "prometheus_client": prometheus_client}
    subjects = [subject for name, client in clients.items() for subject in _subjects(client, name)]
    timings = measure([*_others(), *_open(), *subjects], Effort.of(quick))
    registries = {name: labelled_registry(client) for name, client in clients.items()}
    scrapes = {
        name: measure_calls({"": lambda c=client, n=name: c.generate_latest(registries[n])}, 2 if quick else 10)[""]
        for name, client in clients.items()
    }
    lines = {name: client.generate_latest(registries[name]).count(b"\n") for name, client in clients.items()}
    condensed = lambda each: {name: {"best": t.best, "median": t.median} for name, t in each.items()}  # noqa: E731
    return {"records": condensed(timings), "scrapes": condensed(scrapes), "lines": lines}
