"""Everything that a program does with the package, where metrics are off or the extension cannot be loaded.

The package is imported when a function is called, for that is when it finds out.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import warnings
from typing import Any


def _f() -> int:
    return 1


async def _g() -> int:
    return 2


def use_everything() -> dict[str, Any]:
    import toolvitals as tv
    from toolvitals import testing

    partial = functools.partial(_f)
    cache: dict[str, int] = {}
    same = [tv.tool(_f) is _f, tv.tool("n")(_f) is _f, tv.tool(name="n")(_g) is _g, tv.tool(partial) is partial]
    same.append(tv.instrument_cache(cache, "c") is cache)

    class Tools:
        @tv.tool
        def method(self) -> int:
            return 3

        @tv.tool
        @staticmethod
        def static() -> int:
            return 4

    assert (Tools().method(), Tools.static()) == (3, 4)
    collector: Any = tv.get_collector()
    assert collector is tv.PerformanceMetricsCollector()
    _record(collector)
    assert asyncio.run(_track_and_call()) == 2
    calls = []

    @tv.cached("c", maxsize=2)
    def double(x: int) -> int:
        calls.append(x)
        return x * 2

    assert [double(1), double(1)] == [2, 2]
    assert calls == [1]
    collector.reset()
    endpoints = tv.start()
    with endpoints:
        pass
    tv.stop()
    testing.assert_no_dropped()
    with testing.isolated():
        pass
    return {
        "same": all(same),
        "running": endpoints.running,
        "ports": [endpoints.json_port, endpoints.prometheus_port, endpoints.json_url],
        "tool": collector.get_tool_metrics("t"),
        "cache": collector.get_cache_metrics("c"),
        "all": collector.get_all_metrics(),
        "info": list(double.cache_info()),
        "awaited": asyncio.run(_await_cached()),
    }


async def _await_cached() -> list[int]:
    import toolvitals as tv

    @tv.cached("later")
    async def double(x: int) -> int:
        return x * 2

    return [await double(2), await double(2), *double.cache_info()[:2]]


def _record(collector: Any) -> None:
    collector.record_tool_call("t", success=False, latency_ms=-1.0, error_type="E")
    collector.record_tool_call("", True, "x")
    for record in ("hit", "miss", "eviction", "size_rejection"):
        getattr(collector, "record_cache_" + record)("c")
        getattr(collector.cache("c"), "record_" + record)()
    collector.tool("t").record_call(True, 1.0)
    collector.tool("t").record_cancellation(1.0)


async def _track_and_call() -> int:
    import toolvitals as tv

    with tv.track("t") as tracked:
        tracked.fail("x")
    async with tv.track("t"):
        return await tv.tool(_g)()


def use_everything_without_the_extension() -> dict[str, Any]:
    sys.modules["toolvitals._core"] = None  # type: ignore[assignment]
    warnings.simplefilter("ignore")
    return use_everything()


def warnings_without_the_extension() -> list[str]:
    sys.modules["toolvitals._core"] = None  # type: ignore[assignment]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import toolvitals
        import toolvitals.testing  # noqa: F401
    return [f"{warning.category.__name__} {warning.message}" for warning in caught]


def loads_the_extension() -> bool:
    import toolvitals

    toolvitals.get_collector()
    return "toolvitals._core" in sys.modules


def start_with_a_bad_port() -> str:
    import toolvitals as tv

    try:
        tv.start(json_port=70000)
    except ValueError as error:
        return str(error)
    return "started"


def switch_on() -> str:
    import toolvitals as tv

    try:
        tv.start(enabled=True)
    except RuntimeError as error:
        return str(error)
    return "started"


def switch_off_what_follows() -> bool:
    import toolvitals as tv

    assert not tv.start(enabled=False).running
    return tv.tool(_f) is _f
