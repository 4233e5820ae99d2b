"""Records with bad arguments: dropped and counted, or raised in strict mode, never half-made."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from child import result_of, run
from programs import imports, records

import toolvitals as tv
from toolvitals.testing import assert_no_dropped, dropped, isolated


class Float:
    def __init__(self, result: Any) -> None:
        self.result = result

    def __float__(self) -> Any:
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


class Truth:
    def __bool__(self) -> bool:
        raise ValueError


BAD_LATENCIES = [
    (float("nan"), "latency_nan"),
    (float("inf"), "latency_infinite"),
    (float("-inf"), "latency_negative"),
    (-1.0, "latency_negative"),
    (-1, "latency_negative"),
    (-5e-324, "latency_negative"),
    (10**400, "latency_infinite"),
    ("5", "latency_type"),
    (None, "latency_type"),
    (1j, "latency_type"),
    (Float(ValueError()), "latency_type"),
    (Float("5"), "latency_type"),
]

BAD_NAMES = [
    (None, "name_type"),
    (b"name", "name_type"),
    (3, "name_type"),
    ("", "name_empty"),
    ("x" * 257, "name_too_long"),
    ("é" * 129, "name_too_long"),
    ("x" * (1 << 20), "name_too_long"),
    ("\ud800", "name_encoding"),
    ("a\0b", "name_encoding"),
]


@pytest.fixture(autouse=True)
def collector() -> Any:
    with isolated() as it:
        yield it


def ways_to_record(latency: Any) -> list[Callable[[], None]]:
    collector = tv.get_collector()
    tool = collector.tool("t")
    return [
        lambda: collector.record_tool_call("t", True, latency),
        lambda: collector.record_tool_call("t", success=False, latency_ms=latency, error_type="E"),
        lambda: tool.record_call(True, latency),
        lambda: tool.record_call(success=False, latency_ms=latency),
        lambda: tool.record_cancellation(latency),
    ]


@pytest.mark.parametrize(("latency", "reason"), BAD_LATENCIES)
def test_bad_latencies_are_dropped_and_counted(latency: Any, reason: str) -> None:
    zero = tv.get_collector().tool("t").metrics()
    ways = ways_to_record(latency)
    for record in ways:
        record()
    assert tv.get_collector().tool("t").metrics() == zero
    assert dropped() == {reason: len(ways)}
    with pytest.raises(AssertionError, match=reason):
        assert_no_dropped()


@pytest.mark.parametrize("latency", [0, 0.0, -0.0, 5e-324, True, 10, Fraction(1, 2), Float(2.5), 1e300])
def test_good_latencies_are_recorded(latency: Any) -> None:
    ways = ways_to_record(latency)
    for record in ways:
        record()
    metrics = tv.get_collector().tool("t").metrics()
    assert metrics["total_calls"] == len(ways)
    assert metrics["latency_ms"]["max"] == float(latency)
    assert metrics["latency_ms"]["min"] == float(latency)
    assert_no_dropped()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit()])
def test_what_is_not_ours_to_swallow_passes_through(error: BaseException) -> None:
    for record in ways_to_record(Float(error)):
        with pytest.raises(type(error)) as caught:
            record()
        assert caught.value is error
    assert tv.get_collector().tool("t").metrics()["total_calls"] == 0


@pytest.mark.parametrize(("name", "reason"), BAD_NAMES)
def test_bad_names_are_dropped_and_counted(name: Any, reason: str) -> None:
    collector = tv.get_collector()
    collector.record_tool_call(name, True, 1.0)
    collector.record_cache_hit(name)
    collector.record_cache_miss(name)
    collector.record_cache_eviction(name)
    collector.record_cache_size_rejection(name)
    with tv.track(name) as tracked:
        tracked.fail("x")
    assert dropped() == {reason: 6}
    for register in (collector.tool, collector.cache):
        with pytest.raises((TypeError, ValueError), match="name"):
            register(name)


async def test_a_bad_name_does_not_disturb_async_with() -> None:
    async with tv.track(""):
        pass
    assert dropped() == {"name_empty": 1}


@pytest.mark.parametrize("error_type", [3, b"E", "x" * 257, "\ud800", ["E"]])
def test_bad_error_types_are_dropped_and_counted(error_type: Any) -> None:
    collector = tv.get_collector()
    collector.record_tool_call("t", False, 1.0, error_type)
    collector.tool("t").record_call(False, 1.0, error_type)
    assert dropped() == {"error_type": 2}
    assert collector.tool("t").metrics()["total_calls"] == 0


def test_a_failure_without_error_type_is_in_no_type() -> None:
    collector = tv.get_collector()
    collector.record_tool_call("t", False, 1.0)
    collector.record_tool_call("t", False, 1.0, None)
    metrics = collector.tool("t").metrics()
    assert metrics["failed_calls"] == 2
    assert metrics["error_types"] == {}


def test_bad_arguments_are_dropped_and_counted() -> None:
    collector: Any = tv.get_collector()
    tool = collector.tool("t")
    collector.record_tool_call()
    collector.record_tool_call("t", True)
    collector.record_tool_call("t", True, 1.0, None, 5)
    collector.record_tool_call("t", latency=1.0)
    collector.record_tool_call("t", True, 1.0, success=True)
    collector.record_tool_call("t", Truth(), 1.0)
    tool.record_call()
    tool.record_call(True, 1.0, None, 5)
    tool.record_call(unknown=1)
    assert dropped() == {"arguments": 9}
    assert tool.metrics()["total_calls"] == 0


def test_success_is_judged_by_truth() -> None:
    tool: Any = tv.get_collector().tool("t")
    for success in (1, "yes", [0]):
        tool.record_call(success, 1.0)
    for success in (0, "", None):
        tool.record_call(success, 1.0)
    metrics = tool.metrics()
    assert (metrics["successful_calls"], metrics["failed_calls"]) == (3, 3)


def test_drops_are_logged_once_per_reason() -> None:
    messages = result_of(records.log_of_drops)
    assert len(messages) == 2
    assert "name_empty" in messages[0]
    assert "latency_negative" in messages[1]


def test_a_logging_handler_may_record_and_fail() -> None:
    calls, counts, recorded = result_of(records.drop_under_a_broken_handler)
    assert calls == 2
    assert counts == {"name_empty": 3, "latency_nan": 2}
    assert recorded == 2


def test_strict_mode_raises() -> None:
    value, kind = "ValueError", "TypeError"
    assert result_of(records.drop_in_strict_mode, TOOLVITALS_STRICT="1") == [
        [value, value, value, kind, value, kind, kind, value, kind, value, kind],
        1,
    ]


def test_a_million_names_stay_within_the_budgets() -> None:
    finished = run(records.record_a_million_names, check=False, METRICS_MAX_SERIES="1000", METRICS_MEMORY_LIMIT_MB="8")
    assert len(finished.stderr.splitlines()) == 1, "the folding is told once"
    total, tools, overflow, grown_kib = json.loads(finished.stdout)
    assert total == 1_000_001
    assert tools <= 1001
    assert overflow >= 999_000
    assert grown_kib < 24 * 1024


def test_the_budget_of_bytes_holds_too() -> None:
    finished = run(
        records.record_more_than_the_bytes_hold, check=False, METRICS_MAX_SERIES="1000000", METRICS_MEMORY_LIMIT_MB="2"
    )
    assert len(finished.stderr.splitlines()) == 2, "the folding is told once for each family"
    calls, hits, tools = json.loads(finished.stdout)
    assert (calls, hits) == (50_000, 50_000)
    assert tools < 50_000


def test_recording_nothing_bad_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="toolvitals"):
        tv.get_collector().record_tool_call("t", latency_ms=1.0)
    assert not caplog.records
    assert run(imports.import_package).stdout == ""
