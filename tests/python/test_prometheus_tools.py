"""Tools and caches among the families of the default registry."""

from __future__ import annotations

from collections.abc import Iterator

import prometheus_client.openmetrics.parser
import prometheus_client.parser
import pytest
from child import result_of
from programs import tool_families

import toolvitals
from toolvitals import _core
from toolvitals.prometheus import (
    REGISTRY,
    TOOL_COLLECTOR,
    CollectorRegistry,
    Gauge,
    ToolCollector,
    generate_latest,
)
from toolvitals.prometheus.openmetrics.exposition import generate_latest as generate_openmetrics
from toolvitals.testing import isolated


@pytest.fixture(autouse=True)
def recorded() -> Iterator[None]:
    with isolated() as collector:
        collector.record_tool_call('se"arch', success=True, latency_ms=12.5)
        collector.record_tool_call('se"arch', success=False, latency_ms=1.0, error_type="TimeoutError")
        collector.record_cache_hit("semantic")
        yield


def test_generate_latest_has_what_the_endpoint_has() -> None:
    ours = prometheus_client.parser.text_string_to_metric_families(generate_latest().decode())
    endpoint = prometheus_client.parser.text_string_to_metric_families(_core.render("prometheus").decode())
    expected = {family.name: family for family in endpoint if family.name.startswith(("tool_", "cache_"))}
    assert {"tool_calls", "tool_call_duration_seconds", "cache_requests"} <= expected.keys()
    assert {family.name: family for family in ours if family.name.startswith(("tool_", "cache_"))} == expected


def test_openmetrics_ends_once() -> None:
    text = generate_openmetrics(REGISTRY).decode()
    assert text.count("# EOF") == 1
    families = {f.name: f for f in prometheus_client.openmetrics.parser.text_string_to_metric_families(text)}
    assert families["tool_call_duration_seconds"].unit == "seconds"
    assert REGISTRY.get_sample_value("tool_calls_total", {"tool": 'se"arch', "outcome": "success"}) == 1


def test_families_are_what_the_text_says() -> None:
    @toolvitals.tool("pages")
    def pages() -> Iterator[int]:
        yield from range(3)

    collector = toolvitals.get_collector()
    for number in range(40):
        collector.record_tool_call(f"tool {number % 3}\n\\", success=number % 5 > 0, latency_ms=number / 7)
    list(pages())
    next(pages())  # abandoned, and so cancelled
    collector.record_cache_miss("files")
    collector.record_cache_eviction("semantic")
    text = bytes(_core.render_tools(True)[0]).decode() + "# EOF\n"
    expected = list(prometheus_client.openmetrics.parser.text_string_to_metric_families(text))
    families = list(TOOL_COLLECTOR.collect())
    assert len(families) >= 10
    for mine, theirs in zip(families, expected, strict=True):
        assert mine.name == theirs.name
        assert (mine.documentation, mine.type, mine.unit) == (theirs.documentation, theirs.type, theirs.unit)
        assert [tuple(sample)[:5] for sample in mine.samples] == [tuple(sample)[:5] for sample in theirs.samples]
        assert all(type(sample.value) is float for sample in mine.samples)


def test_a_metric_of_the_program_goes_first() -> None:
    registry = CollectorRegistry()
    ToolCollector(registry)
    Gauge("tool_calls_in_progress", "The program's own.", registry=registry).set(7)
    text = generate_latest(registry).decode()
    assert text.count("# TYPE tool_calls_in_progress gauge") == 1
    assert "tool_calls_in_progress 7.0\n" in text
    assert "tool_call_duration_seconds_count" in text


def test_names_choose_them() -> None:
    text = generate_latest(REGISTRY.restricted_registry(["tool_calls_total"])).decode()
    families = prometheus_client.parser.text_string_to_metric_families(text)
    assert {sample.name for family in families for sample in family.samples} == {"tool_calls_total"}
    assert generate_latest(REGISTRY.restricted_registry(["another"])) == b""


def test_nothing_is_there_without_tools() -> None:
    assert result_of(tool_families.none_are_recorded) == [False, False]


def test_nothing_is_there_when_metrics_are_off() -> None:
    assert result_of(tool_families.one_is_recorded) is True
    assert result_of(tool_families.one_is_recorded, PERFORMANCE_METRICS_ENABLED="false") is False


def test_the_namespace_is_part_of_the_names() -> None:
    with toolvitals.start(json_port=0, namespace="myapp"):
        assert "myapp_tool_calls_total" in generate_latest().decode()
        assert generate_latest(REGISTRY.restricted_registry(["myapp_tool_calls_total"]))
    with toolvitals.start(json_port=0, namespace=""):
        assert "\ntool_calls_total" in generate_latest().decode()
