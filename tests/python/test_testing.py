"""testing.py: what users' own tests get."""

from __future__ import annotations

import pytest

import toolvitals as tv
from toolvitals.testing import assert_no_dropped, dropped, isolated, snapshot


def test_a_block_begins_and_leaves_zero() -> None:
    tv.get_collector().record_tool_call("before", latency_ms=1.0)
    with isolated() as collector:
        assert collector is tv.get_collector()
        assert collector.tool("before").metrics()["total_calls"] == 0
        collector.record_tool_call("within", latency_ms=1.0)
        assert snapshot()["tools"]["within"]["total_calls"] == 1
    assert tv.get_collector().tool("within").metrics()["total_calls"] == 0


def test_a_block_cleans_up_after_a_failure() -> None:
    def fail() -> None:
        with isolated() as collector:
            collector.record_tool_call("within", latency_ms=1.0)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert tv.get_collector().tool("within").metrics()["total_calls"] == 0


def test_dropped_records_are_told() -> None:
    with isolated() as collector:
        assert dropped() == {}
        assert_no_dropped()
        collector.record_tool_call("t", latency_ms=-1.0)
        collector.record_tool_call("t", latency_ms=-1.0)
        assert dropped() == {"latency_negative": 2}
        with pytest.raises(AssertionError, match="'latency_negative': 2"):
            assert_no_dropped()
    assert_no_dropped()
