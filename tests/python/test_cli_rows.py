"""cli/_rows.py and cli/_words.py: what a table says, from one document and from two."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from canned import NOW, document, observation, segment, tool

from toolvitals.cli._rows import (
    SORTS,
    CacheRow,
    Look,
    ProcessRow,
    ToolRow,
    cache_rows,
    process_rows,
    sorted_tools,
    tool_rows,
)
from toolvitals.cli._words import byte_size, count_of, duration, grouped, percent, printable


def look(at_s: float = 100.0, segments: Sequence[dict[str, Any]] | None = None, **changes: Any) -> Look:
    found = None if segments is None else tuple(segments)
    return Look(observation(document(**changes), found), at_s)


def process(**changes: Any) -> dict[str, Any]:
    system = document()["system"]
    return {**system, "process": {**system["process"], **changes}}


def test_a_tool() -> None:
    searched = tool(
        total_calls=10,
        successful_calls=7,
        failed_calls=3,
        success_rate=0.7,
        in_progress=2,
        oldest_in_progress_ms=1500.0,
        latency_ms={"p50": 1.0, "p95": 2.0, "p99": 3.0},
        error_types={"ValueError": 1, "TimeoutError": 2},
    )
    (row,) = tool_rows(look(tools={"search": searched}), None)
    assert row == ToolRow("search", 10, None, 0.7, 3, 2, 1.5, 1.0, 2.0, 3.0, "TimeoutError")


def test_a_tool_that_was_never_called() -> None:
    (row,) = tool_rows(look(tools={"search": tool()}), None)
    assert row == ToolRow("search", 0, None, None, 0, 0, None, None, None, None, None)


def test_of_two_errors_that_are_equally_frequent_the_first_by_name_is_told() -> None:
    (row,) = tool_rows(look(tools={"search": tool(error_types={"B": 2, "A": 2, "C": 1})}), None)
    assert row.top_error == "A"


@pytest.mark.parametrize(
    ("before", "now", "rate"),
    [
        (10, 30, 10.0),
        (10, 10, 0.0),
        # A restart: what there is was counted since.
        (100, 6, 3.0),
        # The tool is new.
        (None, 4, 2.0),
    ],
)
def test_rates_are_of_two_looks(before: int | None, now: int, rate: float) -> None:
    old = {} if before is None else {"search": tool(total_calls=before)}
    (row,) = tool_rows(look(102.0, tools={"search": tool(total_calls=now)}), look(100.0, tools=old))
    assert row.rate == rate


def test_two_looks_at_the_same_moment_say_nothing_of_a_rate() -> None:
    (row,) = tool_rows(look(tools={"search": tool(total_calls=1)}), look(tools={}))
    assert row.rate is None


def test_a_cache() -> None:
    cache = {"hits": 3, "misses": 1, "hit_rate": 0.75, "evictions": 2}
    empty = {"hits": 0, "misses": 0, "hit_rate": None, "evictions": 0}
    assert cache_rows(look(caches={"a": cache, "b": empty})) == [
        CacheRow("a", 3, 1, 0.75, 2),
        CacheRow("b", 0, 0, None, 0),
    ]


@pytest.mark.parametrize(
    "value", [None, -1, "12", True, [], {}, 1.5, json.loads("1e999"), json.loads("NaN"), 10**400], ids=repr
)
def test_numbers_that_are_none_and_numbers_that_are_too_large_break_nothing(value: Any) -> None:
    hostile = dict.fromkeys(tool(), value)
    (row,) = tool_rows(look(102.0, tools={"search": hostile}), look(100.0, tools={"search": tool()}))
    # The sum of three outcomes.
    assert row.calls in (0, 3 * 2**64)
    assert cache_rows(look(caches={"files": dict.fromkeys(("hits", "misses", "hit_rate"), value)}))
    process_rows(look(102.0, system={"process": value}), look(100.0, system={"process": {"pid": value}}))
    process_rows(look(102.0, system=process(**dict.fromkeys(("cpu_seconds", "start_time_seconds"), value))), look())


def test_names_are_harmless() -> None:
    (row,) = tool_rows(look(tools={"\x1b[2J\u202e": tool(error_types={"\r": 1})}), None)
    assert (row.name, row.top_error) == (r"\x1b[2J\u202e", r"\r")


def test_the_process_of_an_endpoint() -> None:
    (row,) = process_rows(look(system=process()), None)
    assert row == ProcessRow(4711, "live", None, 28311552, 2, 5, NOW.timestamp() - 1769860740.0)
    assert process_rows(look(system={}), None) == []


@pytest.mark.parametrize(
    ("changes", "cpu"),
    [
        ({"cpu_seconds": 1.5}, 0.5),
        ({"cpu_seconds": 0.1}, 0.0),
        ({"cpu_seconds": 1.5, "pid": 4712}, None),
        # The number is another process's now.
        ({"cpu_seconds": 1.5, "start_time_seconds": 1769860750.0}, None),
        ({"cpu_seconds": None}, 0.0),
    ],
)
def test_how_busy_a_process_is(changes: dict[str, Any], cpu: float | None) -> None:
    (row,) = process_rows(look(102.0, system=process(**changes)), look(100.0, system=process()))
    assert row.cpu == cpu


def test_the_processes_of_a_folder() -> None:
    found = [
        segment(pid=9, state="dead"),
        segment(pid=8, created_unix=NOW.timestamp() - 5),
        segment(pid=7, created_unix=NOW.timestamp() + 60),
        segment(pid=0, state="retired"),
        segment(pid=0, state="foreign"),
    ]
    rows = process_rows(look(segments=found, system={}), None)
    assert [(row.pid, row.state, row.age_s) for row in rows[:2]] == [(7, "live", 0.0), (8, "live", 5.0)]
    assert (rows[2].pid, rows[2].state, rows[2].segment_bytes) == (9, "dead", 67108864)


def several(*processes: dict[str, Any]) -> dict[str, Any]:
    first = document()["system"]["process"]
    return {"process": {**first, "pid": 4711}, "processes": [{**first, **one} for one in processes]}


def test_the_processes_of_an_endpoint_that_shows_several() -> None:
    before = look(100.0, system=several({"pid": 8, "cpu_seconds": 1.0}, {"pid": 7}))
    now = look(102.0, system=several({"pid": 7}, {"pid": 8, "cpu_seconds": 2.0}, {"pid": 9}, {"pid": 0}))
    assert {row.pid: row.cpu for row in process_rows(now, before)} == {7: 0.0, 8: 0.5, 9: None}
    assert [row.pid for row in process_rows(look(system={"processes": [1, None]}), None)] == []


def test_what_is_known_of_a_process_and_of_its_segment_is_one_row() -> None:
    found = [segment(pid=7, version="0.2.0"), segment(pid=9, state="dead")]
    system = several({"pid": 7, "threads": 3})
    rows = process_rows(look(system=system, segments=found), None)
    assert [(row.pid, row.state, row.threads, row.version) for row in rows] == [
        (7, "live", 3, "0.2.0"),
        (9, "dead", None, "0.1.0"),
    ]
    assert process_rows(look(system={}, segments=[]), None) == []


def row_of(name: str, **changes: Any) -> ToolRow:
    values: dict[str, Any] = {**dict.fromkeys(ToolRow.__dataclass_fields__), "calls": 0, "errors": 0, "in_progress": 0}
    return ToolRow(**{**values, **changes, "name": name})


FIELDS = {"calls": "calls", "rate": "rate", "errors": "errors", "p95": "p95_ms", "in-progress": "in_progress"}


@pytest.mark.parametrize("sort", sorted(FIELDS))
def test_the_largest_is_first_and_equals_are_by_name(sort: str) -> None:
    rows = [row_of(name, **{FIELDS[sort]: value}) for name, value in (("d", 1), ("a", 1), ("c", 3), ("b", 2))]
    assert [row.name for row in sorted_tools(rows, sort)] == ["c", "b", "a", "d"]
    assert [row.name for row in sorted_tools(rows, sort, reverse=True)] == ["a", "d", "b", "c"]


def test_by_name() -> None:
    rows = [row_of("b"), row_of("a")]
    assert [row.name for row in sorted_tools(rows, "name")] == ["a", "b"]
    assert [row.name for row in sorted_tools(rows, "name", reverse=True)] == ["b", "a"]
    assert set(SORTS) == {*FIELDS, "name"}


def test_what_is_not_known_is_last_either_way() -> None:
    rows = [row_of("a"), row_of("b", p95_ms=1.0), row_of("c", p95_ms=2.0)]
    assert [row.name for row in sorted_tools(rows, "p95")] == ["c", "b", "a"]
    assert [row.name for row in sorted_tools(rows, "p95", reverse=True)] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("search", "search"),
        ("über 検索", "über 検索"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\nb", r"a\nb"),
        ("\x9b2J\u202e\ud800", r"\x9b2J\u202e\ud800"),
        ("x" * 300, "x" * 255 + "…"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert shown.isprintable()


def test_numbers_as_people_read_them() -> None:
    assert grouped(1234567) == "1,234,567"
    assert [count_of(n, "call") for n in (0, 1, 1000)] == ["0 calls", "1 call", "1,000 calls"]
    assert count_of(2, "process", "processes") == "2 processes"
    assert [percent(share) for share in (0.0, 1e-9, 0.5, 0.99999, 1.0)] == ["0.0%", "0.1%", "50.0%", "99.9%", "100.0%"]
    assert [byte_size(size) for size in (0, 1023, 1024, 28311552, 2**50 * 3)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "27.0 MiB",
        "3072.0 TiB",
    ]
    assert [duration(s) for s in (0.25, 12, 60, 185, 7200, 7800, 356400, 1e9)] == [
        "0.25 s",
        "12 s",
        "1 min",
        "3 min 5 s",
        "2 h",
        "2 h 10 min",
        "4 d 3 h",
        "11574 d 1 h",
    ]
