"""Exemplars: given, refused, or taken from the trace that is current."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import prometheus_client
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from toolvitals.prometheus import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_legacy_validation,
    enable_legacy_validation,
    exemplars,
)
from toolvitals.prometheus.openmetrics.exposition import generate_latest


@pytest.fixture(autouse=True)
def _no_provider() -> Iterator[None]:
    yield
    exemplars.set_provider(None)
    exemplars._chosen = False


def test_a_given_exemplar_stands_with_its_sample() -> None:
    registry = CollectorRegistry()
    counter = Counter("c", "", ["a"], registry=registry)
    histogram = Histogram("h", "", registry=registry, buckets=[1, 2])
    before = time.time()
    counter.labels("x").inc(2.5, {"trace_id": "abc"})
    counter.labels("y").inc(1, exemplar={})
    histogram.observe(1.5, {"trace_id": "d e", "span_id": "f"})
    histogram.observe(5, exemplar={"trace_id": "last"})
    found = {
        (sample.name, sample.labels.get("le"), sample.labels.get("a")): sample.exemplar
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
        if sample.exemplar is not None
    }
    assert found.keys() == {("c_total", None, "x"), ("h_bucket", "2.0", None), ("h_bucket", "+Inf", None)}
    assert found["c_total", None, "x"].labels == {"trace_id": "abc"}
    assert found["c_total", None, "x"].value == 2.5
    assert before - 1 <= float(found["c_total", None, "x"].timestamp) <= time.time() + 1
    assert found["h_bucket", "2.0", None].labels == {"trace_id": "d e", "span_id": "f"}
    assert found["h_bucket", "+Inf", None].labels == {"trace_id": "last"}


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        ({"a": "x" * 128}, ValueError),
        ({"": "x"}, ValueError),
        ({"__a": "x"}, ValueError),
        ({"a": 1}, TypeError),
        ({1: "a"}, TypeError),
        ("trace", TypeError),
    ],
)
def test_bad_labels_are_refused_and_the_record_counts(labels: object, error: type[Exception]) -> None:
    counter = Counter("c", "", registry=None)
    with pytest.raises(error):
        counter.inc(1, labels)  # type: ignore[arg-type]
    assert counter._value.get() == 1
    assert counter.collect()[0].samples[0].exemplar is None


@pytest.mark.parametrize("name", ["a.b", "größe", "1a", "a:b", "a b", "a\n"])
def test_names_are_held_to_the_scheme_in_force(name: str) -> None:
    """As prometheus_client has it, where any text is a name unless the older rule was asked for."""
    registry, theirs = CollectorRegistry(), prometheus_client.CollectorRegistry()
    records = [
        Counter("c", "", registry=registry).inc,
        Histogram("h", "", registry=registry).observe,
        prometheus_client.Counter("c", "", registry=theirs).inc,
        prometheus_client.Histogram("h", "", registry=theirs).observe,
    ]
    for record in records:
        record(1, {name: "x"})
    try:
        enable_legacy_validation()
        prometheus_client.validation.enable_legacy_validation()
        for record in records[: 2 if name == "a\n" else 4]:  # a newline at the end escapes its expression
            with pytest.raises(ValueError, match="label"):
                record(1, {name: "x"})
        records[0](1, {"a_b": "x"})
    finally:
        disable_legacy_validation()
        prometheus_client.validation.disable_legacy_validation()
    # And whatever its name is, the scrape can be read.
    text = generate_latest(registry).decode()
    assert [family.name for family in text_string_to_metric_families(text)] == ["c", "h"]


@pytest.mark.parametrize("nothing", [None, {}, "", 0, (), []])
def test_nothing_is_no_exemplar(nothing: object) -> None:
    counter = Counter("c", "", registry=None)
    counter.inc(1, nothing)  # type: ignore[arg-type]
    assert counter.collect()[0].samples[0].exemplar is None


def test_128_characters_are_allowed() -> None:
    counter = Counter("c", "", registry=None)
    counter.inc(1, {"a": "\U0001f600" * 127})
    exemplar = counter.collect()[0].samples[0].exemplar
    assert exemplar is not None
    assert exemplar.labels == {"a": "\U0001f600" * 127}


def test_a_reset_forgets_it() -> None:
    counter = Counter("c", "", registry=None)
    counter.inc(1, {"a": "b"})
    counter.reset()
    assert counter.collect()[0].samples[0].exemplar is None


def test_a_provider_is_asked_now_and_then() -> None:
    asked: list[int] = []

    def provider() -> dict[str, str]:
        asked.append(1)
        return {"trace_id": str(len(asked))}

    exemplars.set_provider(provider)
    histogram = Histogram("h", "", registry=None, buckets=[1])
    for _ in range(1000):
        histogram.observe(0.5)
    assert 1 <= len(asked) < 500
    bucket = histogram.collect()[0].samples[0]
    assert bucket.value == 1000
    assert bucket.exemplar is not None
    assert bucket.exemplar.labels == {"trace_id": str(len(asked))}


def test_a_providers_mistakes_are_swallowed() -> None:
    def provider() -> dict[str, str]:
        raise RuntimeError("broken")

    exemplars.set_provider(provider)
    counter = Counter("c", "", registry=None)
    counter.inc()
    assert counter._value.get() == 1


def test_an_interruption_in_a_provider_is_not() -> None:
    def provider() -> dict[str, str]:
        raise KeyboardInterrupt

    exemplars.set_provider(provider)
    with pytest.raises(KeyboardInterrupt):
        Counter("c", "", registry=None).inc()


def test_opentelemetrys_current_span_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's API is played by a module of the same shape; the real one is in tests/interop."""
    context = SimpleNamespace(is_valid=True, trace_id=0xAB, span_id=0xC, trace_flags=SimpleNamespace(sampled=True))
    trace = ModuleType("opentelemetry.trace")
    span = SimpleNamespace(get_span_context=lambda: context)
    monkeypatch.setattr(trace, "get_current_span", lambda: span, raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", trace)
    counter = Counter("c", "", registry=None)
    counter.inc()
    exemplar = counter.collect()[0].samples[0].exemplar
    assert exemplar is not None
    assert exemplar.labels == {"trace_id": f"{0xAB:032x}", "span_id": f"{0xC:016x}"}
    context.trace_flags.sampled = False
    other = Counter("d", "", registry=None)
    other.inc()
    assert other.collect()[0].samples[0].exemplar is None
