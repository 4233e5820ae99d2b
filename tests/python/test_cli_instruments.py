"""cli/_instruments.py and cli/_record_checks.py: operations of a metrics server, instruments, and bad lines."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from canned import document, observation, tool
from hypothesis import given
from hypothesis import strategies as st

from toolvitals.cli._facts import Facts, Finding
from toolvitals.cli._instruments import (
    InstrumentRow,
    OperationRow,
    instrument_rows,
    operation_rows,
    received_lines,
)
from toolvitals.cli._record_checks import _LINES, check_lines, check_records
from toolvitals.cli._rows import Look
from toolvitals.snapshot import Histogram

ROOT = Path(__file__).resolve().parents[2]
INF = math.inf


def look(metrics: dict[str, Any], at_s: float = 100.0, **changes: Any) -> Look:
    return Look(observation(document(metrics=metrics, **changes)), at_s)


def family(kind: str, *series: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "help": "", "unit": "", "series": list(series)}


def value(number: Any, **labels: str) -> dict[str, Any]:
    return {"labels": labels, "value": number}


def operations(**outcomes: int) -> dict[str, Any]:
    return family("counter", *(value(n, operation_type="upload", outcome=name) for name, n in outcomes.items()))


def durations(operation_type: str, buckets: dict[str, int], **labels: str) -> dict[str, Any]:
    return {"labels": {"operation_type": operation_type, **labels}, "count": 0, "sum": 0.0, "buckets": buckets}


def test_an_operation() -> None:
    metrics = {
        "operations": operations(success=30, error=10),
        "operation_bytes": family("counter", value(5, operation_type="upload"), value(7, operation_type="list")),
        "operation_duration_seconds": family("histogram", durations("upload", {"1.0": 20, "2.0": 40, "+Inf": 40})),
    }
    before = look({"operations": operations(success=10, error=10)}, 90.0)
    assert operation_rows(look(metrics), before) == [
        OperationRow("upload", 40, 2.0, 0.75, 10, 0, None, 1000.0, 1900.0, 1980.0, None, 12 - 7)
    ]
    (alone,) = operation_rows(look(metrics), None)
    assert alone.rate is None


def test_operations_are_added_up_over_their_other_labels() -> None:
    counted = [value(3, operation_type="a", outcome="success", region=region) for region in ("eu", "us")]
    buckets = [durations("a", {"1.0": n, "+Inf": n}, region=str(n)) for n in (1, 3)]
    metrics = {
        "operations": family("counter", *counted, value(2, operation_type="b", outcome="error", region="eu")),
        "operation_duration_seconds": family("histogram", *buckets),
    }
    first, second = operation_rows(look(metrics), None)
    assert (first.name, first.calls, first.errors, first.success_rate, first.p50_ms) == ("a", 6, 0, 1.0, 500.0)
    assert (second.name, second.calls, second.errors, second.success_rate, second.p50_ms) == ("b", 2, 2, 0.0, None)


def test_operations_of_somebody_else_are_an_instrument() -> None:
    metrics = {"operations": family("counter", value(3, kind="mine"))}
    assert operation_rows(look(metrics), None) == []
    assert [row.name for row in instrument_rows(look(metrics), None)] == ["operations"]


@pytest.mark.parametrize(
    ("kind", "series", "expected"),
    [
        ("counter", [value(3, a="x"), value(4, a="y")], InstrumentRow("m", "counter", 2, "7", 0.7, None)),
        ("counter", [value(2**63), value(2**63)], InstrumentRow("m", "counter", 2, "1.84467e+19", 2**64 / 10, None)),
        ("gauge", [value(1.5)], InstrumentRow("m", "gauge", 1, "1.5", None, None)),
        ("gauge", [value(-1), value(1234)], InstrumentRow("m", "gauge", 2, "-1 to 1,234", None, None)),
        ("gauge", [value(None)], InstrumentRow("m", "gauge", 1, None, None, None)),
        (
            "histogram",
            [{"count": 4, "sum": 10.0, "buckets": {"+Inf": 4}}],
            InstrumentRow("m", "histogram", 1, "4", 0.4, 2.5),
        ),
        ("summary", [{"count": 0, "sum": 0.0}], InstrumentRow("m", "summary", 1, "0", 0.0, None)),
        ("info", [{"labels": {"a": "b"}}], InstrumentRow("m", "info", 1, None, None, None)),
        ("stateset", [{"states": {"a": True}}], InstrumentRow("m", "stateset", 1, None, None, None)),
        ("counter", [], InstrumentRow("m", "counter", 0, "0", 0.0, None)),
    ],
)
def test_an_instrument(kind: str, series: list[dict[str, Any]], expected: InstrumentRow) -> None:
    assert instrument_rows(look({"m": family(kind, *series)}), look({}, 90.0)) == [expected]


def test_a_counter_that_began_anew_has_the_rate_of_what_it_has() -> None:
    now, before = look({"m": family("counter", value(5))}), look({"m": family("counter", value(100))}, 90.0)
    assert instrument_rows(now, before)[0].rate == 0.5


def test_instruments_are_by_name_and_without_our_own() -> None:
    metrics = {name: family("gauge", value(1)) for name in ("b", "toolvitals_ipc_connections", "a\x1b")}
    assert [row.name for row in instrument_rows(look(metrics), None)] == ["a\\x1b", "b"]


@pytest.mark.parametrize(
    "broken", [{}, {"type": 3}, {"series": "x"}, {"type": "histogram", "series": [1, {"sum": "x"}]}]
)
def test_what_is_no_family_is_no_failure(broken: dict[str, Any]) -> None:
    for name in ("m", "operations", "operation_duration_seconds", "toolvitals_ipc_lines"):
        metrics = {"operations": operations(success=1), name: broken}
        operation_rows(look(metrics), look(metrics))
        instrument_rows(look(metrics), look(metrics))
        received_lines(look(metrics).snapshot)
    odd = durations("upload", {"nan": 1, "x": 1, "1.0": -5})
    metrics = {"operations": operations(success=1), "operation_duration_seconds": family("histogram", odd)}
    assert operation_rows(look(metrics), None)[0].p50_ms is None


def of_cumulative(counts: dict[float, int]) -> Histogram:
    cumulative = [counts[bound] for bound in sorted(counts)]
    buckets = tuple(here - below for here, below in zip(cumulative, [0, *cumulative], strict=False))
    return Histogram(tuple(bound for bound in sorted(counts) if bound != INF), buckets, None)


# As Prometheus has it, promql/quantile_test.go: the bounds 2, 4, 6 and so on.
@pytest.mark.parametrize(
    ("cumulative", "q", "expected"),
    [
        ({}, 0.5, None),
        ({1.0: 0, INF: 0}, 0.5, None),
        ({1.0: 10, INF: 10}, 0.5, 0.5),
        ({1.0: 10, 2.0: 20, INF: 20}, 0.75, 1.5),
        ({1.0: 0, 2.0: 10, INF: 10}, 0.1, 1.1),
        ({1.0: 5, INF: 10}, 0.9, 1.0),
        ({-1.0: 5, 1.0: 5, INF: 10}, 0.5, -1.0),
    ],
)
def test_quantiles_of_buckets(cumulative: dict[float, int], q: float, expected: float | None) -> None:
    assert of_cumulative(cumulative).quantile(q) == expected


@given(st.lists(st.floats(0.001, 9.9), min_size=1), st.floats(0.01, 0.99))
def test_an_estimate_is_in_the_bucket_of_the_quantile(values: list[float], q: float) -> None:
    bounds = [0.01, 0.1, 1.0, 10.0, INF]
    found = of_cumulative({bound: sum(v <= bound for v in values) for bound in bounds}).quantile(q)
    exact = sorted(values)[max(math.ceil(q * len(values)) - 1, 0)]
    upper = next(bound for bound in bounds if exact <= bound)
    lower = max([bound for bound in bounds if bound < upper], default=0.0)
    assert found is not None
    assert lower <= found <= upper


def facts(**changes: Any) -> Facts:
    return Facts(observation(document(**changes)), "0.1.0")


def test_what_there_is_is_told() -> None:
    metrics = {"operations": operations(success=3), "m": family("gauge", value(1), value(2))}
    cache = {"hits": 3, "misses": 1}
    assert list(check_records(facts(tools={"t": tool(total_calls=12)}, caches={"c": cache}, metrics=metrics))) == [
        Finding(
            "records",
            "ok",
            "There is 1 tool (12 calls), 1 cache (4 requests), 1 type of operation (3 operations) and 1 instrument "
            "(2 label sets).",
        )
    ]
    assert next(check_records(facts(metrics={"m": family("gauge", value(1))}))).text == (
        "There is 1 instrument (1 label set)."
    )
    (nothing,) = check_records(facts())
    assert (nothing.severity, nothing.text) == ("note", "Nothing was recorded yet.")


def sent(**results: int) -> dict[str, Any]:
    return {"toolvitals_ipc_lines": family("counter", *(value(n, result=name) for name, n in results.items()))}


def test_lines_that_were_not_taken_are_told() -> None:
    assert list(check_lines(facts())) == []
    assert list(check_lines(facts(metrics=sent(accepted=5, json=0)))) == [
        Finding("lines", "ok", "The server took every line: 5 lines.")
    ]
    found = list(check_lines(facts(metrics=sent(accepted=5, json=2, of_tomorrow=1))))
    assert [(one.severity, one.text) for one in found] == [
        ("warning", "2 lines of other programs were not taken: not JSON."),
        ("warning", "1 line of other programs was not taken: refused as of_tomorrow."),
    ]


def test_every_result_of_the_protocol_is_known() -> None:
    page = (ROOT / "docs" / "reference" / "ipc-protocol.md").read_text(encoding="utf-8")
    rows = page.partition("| `result` | meaning |")[2].partition("\n\n")[0].splitlines()[2:]
    assert {row.split("`")[1] for row in rows} == {"accepted", *_LINES}
