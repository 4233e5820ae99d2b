"""The collector as Python sees it: shapes, exact totals, snapshots that are never torn, re-entrancy."""

from __future__ import annotations

import copy
import gc
import json
import logging
import pickle
import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from scrapes import parse

import toolvitals as tv
from toolvitals import _core
from toolvitals.testing import isolated

THREADS = 8
TOOL_KEYS = {
    "tool_name",
    "total_calls",
    "successful_calls",
    "failed_calls",
    "cancelled_calls",
    "in_progress",
    "oldest_in_progress_ms",
    "success_rate",
    "total_latency_ms",
    "avg_latency_ms",
    "latency_ms",
    "error_types",
}


@pytest.fixture(autouse=True)
def _from_zero() -> Iterator[None]:
    with isolated():
        yield


def test_there_is_one_collector() -> None:
    collector = tv.get_collector()
    assert collector is tv.get_collector() is tv.PerformanceMetricsCollector()
    assert pickle.loads(pickle.dumps(collector)) is collector
    assert copy.copy(collector) is copy.deepcopy(collector) is collector
    with pytest.raises(TypeError):
        tv.PerformanceMetricsCollector(1)  # type: ignore[call-arg]


def test_the_contracts_example() -> None:
    collector = tv.get_collector()
    collector.record_tool_call("search", success=True, latency_ms=9.5)
    collector.record_tool_call("search", success=True, latency_ms=6.0)
    collector.record_tool_call("search", success=False, latency_ms=15.0, error_type="TimeoutError")
    for _ in range(3):
        collector.record_cache_hit("semantic")
    collector.record_cache_miss("semantic")
    assert collector.get_tool_metrics("search") == {
        "tool_name": "search",
        "total_calls": 3,
        "successful_calls": 2,
        "failed_calls": 1,
        "cancelled_calls": 0,
        "in_progress": 0,
        "oldest_in_progress_ms": None,
        "success_rate": 2 / 3,
        "total_latency_ms": 30.5,
        "avg_latency_ms": 30.5 / 3,
        "latency_ms": {
            "count": 3,
            "mean": 10.166666666666666,
            "stddev": 4.536885862938733,
            "min": 6.0,
            "max": 15.0,
            "p50": 9.5,
            "p75": 15.0,
            "p90": 18.3,
            "p95": 19.4,
            "p99": 20.28,
        },
        "error_types": {"TimeoutError": 1},
        "duration_buckets": [0, 0, 0, 2, 1, *[0] * 13],
    }
    assert collector.get_cache_metrics("semantic") == {
        "cache_name": "semantic",
        "hits": 3,
        "misses": 1,
        "evictions": 0,
        "size_rejections": 0,
        "total_requests": 4,
        "hit_rate": 0.75,
    }


def test_shapes() -> None:
    collector = tv.get_collector()
    collector.tool("t").record_call(latency_ms=1.0)
    collector.cache("c").record_hit()
    found = collector.get_all_metrics()
    assert json.loads(json.dumps(found)) == found
    assert found["schema_version"] == 1
    assert set(found) >= {"timestamp", "uptime_seconds", "window_size", "tools", "caches", "system"}
    assert set(found["tools"]["t"]) >= TOOL_KEYS
    assert found["tools"]["t"] == collector.get_tool_metrics("t") == collector.tool("t").metrics()
    assert found["caches"]["c"] == collector.get_cache_metrics("c") == collector.cache("c").metrics()
    system = collector.get_system_metrics()
    assert set(system["process"]) == set(found["system"]["process"])
    assert system["python"]["implementation"] == "CPython"
    assert system["python"]["version"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")


@pytest.mark.parametrize("name", ["recorded by nobody", "", "x" * 300, "\ud800", "a\0b"])
def test_unknown_names_are_none(name: str) -> None:
    assert tv.get_collector().get_tool_metrics(name) is None
    assert tv.get_collector().get_cache_metrics(name) is None


def test_nothing_counted_is_null() -> None:
    metrics = tv.get_collector().tool("zero").metrics()
    assert (metrics["success_rate"], metrics["avg_latency_ms"], metrics["oldest_in_progress_ms"]) == (None, None, None)
    assert metrics["latency_ms"]["p50"] is None
    assert tv.get_collector().cache("zero").metrics()["hit_rate"] is None


def test_handles_are_kept_and_survive_reset() -> None:
    collector = tv.get_collector()
    tool, cache = collector.tool("kept"), collector.cache("kept")
    assert tool is collector.tool("kept")
    assert (tool.name, cache.name) == ("kept", "kept")
    tool.record_call(latency_ms=1.0)
    cache.record_eviction()
    cache.record_size_rejection()
    collector.reset()
    assert tool.metrics()["total_calls"] == 0
    assert tool.metrics()["latency_ms"]["count"] == 0
    assert cache.metrics()["evictions"] == 0
    tool.record_call(latency_ms=2.0)
    assert tool.metrics()["latency_ms"]["max"] == 2.0


def test_names_of_every_kind_of_text_come_back() -> None:
    names = [
        'quo"te',
        "back\\slash",
        "new\nline",
        "tab\t",
        "日本語",
        "emoji 🎉",
        "a" * 256,
        "{}",
        "le",
        "\x7f",
        "\u2028",
    ]
    for name in names:
        tv.get_collector().record_tool_call(name, latency_ms=1.0)
        tv.get_collector().record_tool_call(name, False, 1.0, name)
        tv.get_collector().record_cache_hit(name)
    found = tv.get_collector().get_all_metrics()
    assert set(names) <= set(found["tools"])
    assert set(names) <= set(found["caches"])
    families = parse(_core.render("prometheus").decode())
    calls = {sample.labels["tool"] for sample in families["tool_calls"].samples}
    assert set(names) <= calls


def in_threads(work: Any) -> None:
    begin = threading.Barrier(THREADS)

    def run(number: int) -> None:
        begin.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_eight_threads_give_exact_totals() -> None:
    rounds = 5000
    decorated = tv.tool("shared")(lambda: None)
    kept = tv.get_collector().tool("shared")

    def work(number: int) -> None:
        for i in range(rounds):
            tv.get_collector().record_tool_call("shared", True, 1.0)
            kept.record_call(False, 2.0, f"E{i % 3}")
            kept.record_cancellation(3.0)
            decorated()
            tv.get_collector().record_cache_hit("shared")
            with tv.track("shared"):
                pass

    in_threads(work)
    metrics = kept.metrics()
    assert metrics["successful_calls"] == 3 * rounds * THREADS
    assert metrics["failed_calls"] == metrics["cancelled_calls"] == rounds * THREADS
    assert metrics["total_calls"] == 5 * rounds * THREADS
    assert sum(metrics["error_types"].values()) == rounds * THREADS
    assert metrics["in_progress"] == 0
    assert metrics["total_latency_ms"] >= 6.0 * rounds * THREADS
    cache = tv.get_collector().get_cache_metrics("shared")
    assert cache is not None
    assert cache["hits"] == rounds * THREADS


def test_snapshots_are_never_torn() -> None:
    done = threading.Event()
    kept = tv.get_collector().tool("torn")

    def record() -> None:
        while not done.is_set():
            for _ in range(100):
                kept.record_call(True, 1.0)
                kept.record_call(False, 1.0, "E")
                kept.record_cancellation(1.0)

    threads = [threading.Thread(target=record) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        last = 0
        for _ in range(1000):
            metrics = kept.metrics()
            total = metrics["total_calls"]
            assert total == metrics["successful_calls"] + metrics["failed_calls"] + metrics["cancelled_calls"]
            assert sum(metrics["error_types"].values()) == metrics["failed_calls"]
            assert total >= last
            last = total
        # Nothing else that this process has kept, for it takes long to parse.
        names = ["tool_call_duration_seconds", "tool_calls"]
        for _ in range(30):
            families = parse(_core.render("prometheus", names).decode())
            samples = families["tool_call_duration_seconds"].samples
            mine = [sample for sample in samples if sample.labels["tool"] == "torn"]
            buckets = [sample.value for sample in mine if sample.name.endswith("_bucket")]
            (count,) = [sample.value for sample in mine if sample.name.endswith("_count")]
            outcomes = [sample.value for sample in families["tool_calls"].samples if sample.labels["tool"] == "torn"]
            assert buckets == sorted(buckets)
            assert buckets[-1] == count == sum(outcomes)
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_counts_are_exact_in_every_place() -> None:
    kept = tv.get_collector().tool("exact")
    for i in range(1, 11):
        kept.record_call(True, i * 10.0)
    families = parse(_core.render("prometheus").decode())
    mine = [s for s in families["tool_call_duration_seconds"].samples if s.labels["tool"] == "exact"]
    buckets = {s.labels["le"]: s.value for s in mine if s.name.endswith("_bucket")}
    assert (buckets["0.005"], buckets["0.01"], buckets["0.02"], buckets["0.05"], buckets["0.1"]) == (0, 1, 2, 5, 10)
    assert buckets["+Inf"] == 10
    (total,) = [s.value for s in mine if s.name.endswith("_sum")]
    assert total == 0.55


def test_recording_inside_finalizers_and_weak_reference_callbacks() -> None:
    class Loud:
        def __del__(self) -> None:
            tv.get_collector().record_tool_call("finalizer", latency_ms=1.0)
            tv.get_collector().get_all_metrics()

    def callback(reference: object) -> None:
        tv.get_collector().record_tool_call("callback", latency_ms=1.0)

    for _ in range(100):
        loud = Loud()
        reference = weakref.ref(loud, callback)
        with tv.track("outer"):
            del loud
        assert reference() is None
    for name in ("finalizer", "callback", "outer"):
        assert tv.get_collector().tool(name).metrics()["total_calls"] == 100, name


def test_recording_inside_a_collection() -> None:
    def callback(phase: str, info: dict[str, int]) -> None:
        tv.get_collector().record_tool_call(f"gc_{phase}", latency_ms=1.0)

    gc.callbacks.append(callback)
    try:
        for _ in range(50):
            cycle: list[Any] = []
            cycle.append(cycle)
            tv.get_collector().get_all_metrics()
            gc.collect()
    finally:
        gc.callbacks.remove(callback)
    assert tv.get_collector().tool("gc_start").metrics()["total_calls"] >= 50


def test_recording_inside_a_signal_handler() -> None:
    def handler(number: int, frame: object) -> None:
        tv.get_collector().record_tool_call("signal", latency_ms=1.0)
        tv.get_collector().record_tool_call(f"signal {calls % 50}", latency_ms=1.0)
        tv.get_collector().get_all_metrics()
        # Armed anew at the end, so that handlers do not pile up on a slow machine.
        signal.setitimer(signal.ITIMER_REAL, 0.0005)

    calls = 0
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    try:
        while tv.get_collector().tool("signal").metrics()["total_calls"] < 200:
            calls += 1
            tv.get_collector().record_tool_call(f"name {calls % 100}", latency_ms=1.0)
            tv.get_collector().tool(f"tool {calls % 100}").record_call(latency_ms=1.0)
            with tv.track("tracked"):
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    recorded = sum(tv.get_collector().tool(f"name {i}").metrics()["total_calls"] for i in range(100))
    assert recorded == calls


def test_recording_inside_a_logging_handler() -> None:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tv.get_collector().record_tool_call("handler", latency_ms=1.0)

    logger = logging.getLogger("toolvitals")
    handler = Handler()
    logger.addHandler(handler)
    try:
        logger.warning("hello")
    finally:
        logger.removeHandler(handler)
    assert tv.get_collector().tool("handler").metrics()["total_calls"] == 1


def test_the_format_is_one_of_the_cores() -> None:
    assert json.loads(_core.render("json"))["schema_version"] == 1
    with pytest.raises(ValueError, match="yaml"):
        _core.render("yaml")
