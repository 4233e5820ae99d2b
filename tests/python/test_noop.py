"""_noop: metrics that are off, or an extension that cannot be loaded."""

from __future__ import annotations

from typing import Any

import pytest
from child import result_of, run

import toolvitals as tv

BLOCK = """
    import sys
    sys.modules["toolvitals._core"] = None
"""

USE = """
    import asyncio, json, functools
    import toolvitals as tv
    from toolvitals import testing
    def f(): return 1
    async def g(): return 2
    same = [tv.tool(f) is f, tv.tool("n")(f) is f, tv.tool(name="n")(g) is g]
    partial = functools.partial(f)
    same.append(tv.tool(partial) is partial)
    class Tools:
        @tv.tool
        def method(self): return 3
        @tv.tool
        @staticmethod
        def static(): return 4
    assert (Tools().method(), Tools.static()) == (3, 4)
    cache = {}
    same.append(tv.instrument_cache(cache, "c") is cache)
    collector = tv.get_collector()
    assert collector is tv.PerformanceMetricsCollector()
    collector.record_tool_call("t", success=False, latency_ms=-1.0, error_type="E")
    collector.record_tool_call("", True, "x")
    for record in ("hit", "miss", "eviction", "size_rejection"):
        getattr(collector, "record_cache_" + record)("c")
        getattr(collector.cache("c"), "record_" + record)()
    collector.tool("t").record_call(True, 1.0)
    collector.tool("t").record_cancellation(1.0)
    with tv.track("t") as tracked:
        tracked.fail("x")
    async def block():
        async with tv.track("t"):
            return await tv.tool(g)()
    assert asyncio.run(block()) == 2
    calls = []
    @tv.cached("c", maxsize=2)
    def double(x):
        calls.append(x)
        return x * 2
    assert [double(1), double(1)] == [2, 2] and calls == [1]
    collector.reset()
    endpoints = tv.start()
    with endpoints:
        pass
    tv.stop()
    testing.assert_no_dropped()
    with testing.isolated():
        pass
    print(json.dumps({
        "same": all(same),
        "running": endpoints.running,
        "ports": [endpoints.json_port, endpoints.prometheus_port, endpoints.json_url],
        "tool": collector.get_tool_metrics("t"),
        "cache": collector.get_cache_metrics("c"),
        "all": collector.get_all_metrics(),
        "info": list(double.cache_info()),
    }))
"""


def check(found: dict[str, Any]) -> None:
    assert found["same"]
    assert found["running"] is False
    assert found["ports"] == [None, None, None]
    assert found["tool"] is found["cache"] is None
    assert found["all"]["tools"] == found["all"]["caches"] == {}
    assert found["info"] == [1, 1, 2, 1]
    ours = tv.get_collector().get_all_metrics()
    assert set(found["all"]) == set(ours)
    assert set(found["all"]["system"]) == set(ours["system"])
    assert set(found["all"]["system"]["process"]) == set(ours["system"]["process"])


@pytest.mark.parametrize("word", ["false", "0", "No", "OFF"])
def test_switched_off(word: str) -> None:
    check(result_of(USE, PERFORMANCE_METRICS_ENABLED=word))


def test_without_the_extension() -> None:
    code = BLOCK + "    import warnings; warnings.simplefilter('ignore')\n" + USE
    check(result_of(code))


def test_the_warning_names_the_cause_once() -> None:
    code = (
        BLOCK
        + """
    import warnings
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import toolvitals
        import toolvitals.testing
    for warning in caught:
        print(warning.category.__name__, warning.message)
    """
    )
    (line,) = run(code).stdout.splitlines()
    assert line.startswith("RuntimeWarning toolvitals records nothing")
    assert "toolvitals._core" in line


def test_switched_off_it_does_not_even_load_the_extension() -> None:
    code = "import sys, toolvitals; toolvitals.get_collector(); print('toolvitals._core' in sys.modules)"
    assert run(code, PERFORMANCE_METRICS_ENABLED="0").stdout == "False\n"


def test_switched_off_a_bad_setting_still_raises_at_start() -> None:
    code = """
        import toolvitals as tv
        try:
            tv.start(json_port=70000)
        except ValueError as error:
            print(error)
    """
    assert "json_port=70000" in run(code, PERFORMANCE_METRICS_ENABLED="0").stdout


def test_it_cannot_be_switched_on_after_the_import() -> None:
    code = """
        import toolvitals as tv
        try:
            tv.start(enabled=True)
        except RuntimeError as error:
            print(error)
    """
    assert "before the import" in run(code, PERFORMANCE_METRICS_ENABLED="0").stdout


def test_start_can_switch_off_what_follows() -> None:
    code = """
        import toolvitals as tv
        def f(): pass
        assert not tv.start(enabled=False).running
        print(tv.tool(f) is f)
    """
    assert run(code).stdout == "True\n"
