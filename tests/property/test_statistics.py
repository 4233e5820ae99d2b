"""The window's statistics are the very doubles of Python's statistics module."""

from __future__ import annotations

import math
import random
import statistics
from typing import Any

import pytest
from child import result_of
from hypothesis import given
from hypothesis import strategies as st
from programs import quantiles

import toolvitals as tv
from toolvitals.prometheus import Summary

RANKS = ("p50", "p75", "p90", "p95", "p99")


def expected(window: list[float], method: str = "exclusive") -> list[float | None]:
    if len(window) < 2:
        return [None] * len(RANKS)
    cuts = statistics.quantiles(window, n=100, method=method)  # type: ignore[arg-type]
    return [cuts[int(rank[1:]) - 1] for rank in RANKS]


def recorded(window: list[float]) -> dict[str, Any]:
    collector = tv.get_collector()
    collector.reset()
    tool = collector.tool("window")
    for sample in window:
        tool.record_call(latency_ms=sample)
    metrics = tool.metrics()
    assert metrics["total_calls"] == len(window)
    found: dict[str, Any] = metrics["latency_ms"]
    return found


latencies = st.one_of(
    st.floats(min_value=0, max_value=1e300, allow_subnormal=True),
    st.floats(min_value=0, max_value=1e-300, allow_subnormal=True),
    st.sampled_from([0.0, 5e-324, 2.2250738585072014e-308, 1.0, 1.0 + 2**-52, 1e16, 1e300]),
    st.integers(min_value=0, max_value=3).map(float),
)


@given(st.lists(latencies, max_size=200))
def test_percentiles_are_the_very_doubles(window: list[float]) -> None:
    found = recorded(window)
    assert [found[rank] for rank in RANKS] == expected(window)
    assert found["count"] == len(window)
    assert found["min"] == min(window, default=None)
    assert found["max"] == max(window, default=None)


@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=2, max_size=300))
def test_mean_and_deviation_are_the_very_doubles(window: list[float]) -> None:
    found = recorded(window)
    assert found["mean"] == statistics.mean(window)
    # Before Python 3.11 statistics.stdev rounded twice.
    assert found["stddev"] == pytest.approx(statistics.stdev(window), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("method", ["exclusive", "inclusive"])
def test_every_size_and_hostile_distributions(method: str) -> None:
    assert (
        result_of(quantiles.sizes_that_differ, method, METRICS_WINDOW_SIZE="5000", METRICS_QUANTILE_METHOD=method) == []
    )


def test_the_window_holds_the_last_samples() -> None:
    draw = random.Random(3)
    samples = [draw.uniform(0, 100) for _ in range(2500)]
    found = recorded(samples)
    assert found["count"] == 1000
    assert [found[rank] for rank in RANKS] == expected(samples[-1000:])
    assert found["mean"] == statistics.mean(samples[-1000:])


QUANTILES = (0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.995, 0.999)


@given(st.lists(st.floats(-1e300, 1e300), max_size=150), st.integers(2, 100))
def test_a_summarys_quantiles_are_the_very_doubles(amounts: list[float], window_size: int) -> None:
    summary = Summary("s", "", quantiles=QUANTILES, window_size=window_size, registry=None)
    for amount in amounts:
        summary.observe(amount)
    (family,) = summary.collect()
    found = {sample.labels["quantile"]: sample.value for sample in family.samples if "quantile" in sample.labels}
    window = amounts[-window_size:]
    for quantile in QUANTILES:
        value = found[str(quantile)]
        if len(window) < 2:
            assert math.isnan(value)
            continue
        # Of hundredths where it is one, and of thousandths elsewhere.
        parts = 100 if round(quantile * 1000) % 10 == 0 else 1000
        assert value == statistics.quantiles(window, n=parts)[round(quantile * parts) - 1]


@pytest.mark.parametrize("quantiles", [(0.0,), (1.0,), (0.9995,), (0.9, 0.5), (math.nan,), (0.5, 0.5)])
def test_quantiles_that_cannot_be_are_refused(quantiles: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="thousandths"):
        Summary("s", "", quantiles=quantiles, registry=None)
