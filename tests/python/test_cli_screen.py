"""cli/_table.py and cli/_screen.py: what is left out where there is no room, and what never is."""

from __future__ import annotations

import io
from typing import Any

import pytest
from canned import NOW, document, observation, segment, tool
from rich.cells import cell_len
from rich.console import Console

from toolvitals.cli._rows import Look
from toolvitals.cli._screen import View, screen
from toolvitals.cli._table import Column, fitting, share, table

COLUMNS = (
    Column[str]("first", lambda row: row, 0, left=True),
    Column[str]("b", lambda row: "22", 2),
    Column[str]("a", lambda row: "333", 1),
    Column[str]("none", lambda row: "-", 0),
)


def look(
    at_s: float = 100.0, segments: tuple[dict[str, Any], ...] | None = None, retired: int = 0, **changes: Any
) -> Look:
    return Look(observation(document(**changes), segments, retired), at_s)


def text_of(renderable: Any, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def shown(now: Look, before: Look | None = None, width: int = 200, height: int | None = None, **view: Any) -> list[str]:
    return text_of(screen(now, before, View("folder", **view), width, height), width)


def many() -> Look:
    tools = {f"a_tool_with_a_name_{n}": tool(total_calls=n, error_types={"SomeError": 1}) for n in range(30)}
    caches = {f"cache_{n}": {"hits": n, "misses": 1, "hit_rate": 0.5, "evictions": 0} for n in range(10)}
    return look(tools=tools, caches=caches)


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (100, ["first", "b", "a"]),
        (5 + 2 + 3 + 2 + 2, ["first", "b", "a"]),
        (5 + 2 + 3 + 2 + 1, ["first", "a"]),
        (5 + 2 + 2, ["first"]),
        (1, ["first"]),
    ],
)
def test_columns_leave_by_rank_and_the_first_never_does(width: int, headings: list[str]) -> None:
    assert [column.heading for column in fitting(COLUMNS, ["a row"], width)] == headings


def test_a_column_that_says_nothing_is_left_out() -> None:
    assert "none" not in [column.heading for column in fitting(COLUMNS, ["row"], 100)]


@pytest.mark.parametrize(
    ("height", "wanted", "given"),
    [
        (100, [10, 5, 1], [10, 5, 1]),
        (10, [10, 5, 1], [6, 3, 1]),
        (13, [10, 5, 5], [7, 3, 3]),
        (12, [2, 20, 5], [2, 7, 3]),
        (4, [10, 5, 1], [2, 1, 1]),
        (2, [10, 5, 1], [1, 1, 0]),
        (0, [10, 5, 1], [0, 0, 0]),
        (10, [0, 20, 0], [0, 10, 0]),
        (10, [], []),
    ],
)
def test_rows_are_shared_out(height: int, wanted: list[int], given: list[int]) -> None:
    assert share(height, wanted) == given


@pytest.mark.parametrize("width", [1, 5, 8, 20, 40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_row_takes_two(width: int) -> None:
    lines = shown(many(), width=width, keys=True)
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) == len(shown(many(), width=250, keys=True))


@pytest.mark.parametrize("height", [1, 5, 10, 15, 24, 50, 100])
@pytest.mark.parametrize("keys", [True, False])
def test_where_there_is_room_for_a_row_of_each_nothing_is_cut_off(height: int, keys: bool) -> None:
    lines = shown(many(), height=height, keys=keys)
    assert len(lines) <= max(height, 15)


def test_a_narrow_terminal_still_tells_the_tools_and_their_calls() -> None:
    lines = shown(many(), width=32)
    assert any("calls" in line and "tool" in line for line in lines)
    assert any("a_tool_with_a_name_29" in line and line.rstrip().endswith("29") for line in lines)


def test_names_wider_than_the_terminal_are_cut_at_a_character() -> None:
    (_, row) = text_of(table(COLUMNS, ["検索検索検索検索"], 8), 8)
    assert row.rstrip() == "検索検…"


def test_everything_is_told() -> None:
    before = look(98.0, tools={"search": tool(total_calls=0)})
    failing = tool(total_calls=1234, failed_calls=4, success_rate=0.99, in_progress=1, oldest_in_progress_ms=90_000.0)
    failing["latency_ms"] = {"p50": 1.234, "p95": 123.45, "p99": 1234.5}
    failing["error_types"] = {"TimeoutError": 4}
    cache = {"hits": 3, "misses": 1, "hit_rate": 0.75, "evictions": 2}
    text = "\n".join(shown(look(tools={"search": failing}, caches={"files": cache}), before))
    for part in (
        "folder · toolvitals 0.1.0 · up 1 min · ",
        "1 tool · 1,234 calls · 617.0 per s · 1 in progress · 4 errors",
        "Tools, by calls",
        "search  1,234  617.0    99.7%       4            1  1 min 30 s    1.23   123.5   1,234  TimeoutError",
        "files     3       1     75.0%          2",
        "4711  live   0.0%  27.0 MiB        2      5  1 min",
    ):
        assert part in text


def test_without_tools() -> None:
    lines = shown(look())
    assert "Nothing was recorded yet." in lines
    assert not any(line.startswith(("Tools", "Caches")) for line in lines)


def served(**changes: Any) -> dict[str, Any]:
    """The families of a metrics server."""
    by_type = [{"labels": {"operation_type": "upload", "region": region}, "value": 10} for region in ("eu", "us")]
    outcomes = [
        {"labels": {"operation_type": "upload", "outcome": "success", "region": "eu"}, "value": 30},
        {"labels": {"operation_type": "upload", "outcome": "error", "region": "us"}, "value": 10},
    ]
    durations = [{**one, "count": 20, "sum": 1.0, "buckets": {"0.1": 10, "0.2": 20, "+Inf": 20}} for one in by_type]
    return {
        "operations": {"type": "counter", "series": outcomes},
        "operation_duration_seconds": {"type": "histogram", "series": durations},
        "operation_bytes": {"type": "counter", "series": by_type},
        "toolvitals_ipc_lines": {"type": "counter", "series": []},
        **changes,
    }


def test_what_a_metrics_server_was_sent_is_told() -> None:
    wait = {"labels": {}, "count": 4, "sum": 10.0, "buckets": {"+Inf": 4}}
    lines = [line.rstrip() for line in shown(look(metrics=served(wait={"type": "histogram", "series": [wait]})))]
    assert lines[1] == "1 type of operation · 40 operations · 10 errors · 1 instrument"
    assert "upload        40    75.0%      10   100.0   190.0   198.0   20 B" in lines
    assert "wait        histogram       1      4   2.5" in lines
    assert "Nothing was recorded yet." not in lines
    assert not any("tool" in line for line in lines[1:])


def test_instruments_without_tools_are_told() -> None:
    metrics = {"jobs": {"type": "counter", "series": [{"labels": {}, "value": 3}]}}
    lines = [line.rstrip() for line in shown(look(metrics=metrics))]
    assert lines[1] == "1 instrument"
    assert "jobs        counter       1      3" in lines
    assert "Nothing was recorded yet." not in lines


def test_the_limit_and_the_order_are_told() -> None:
    lines = shown(many(), limit=2, sort="name", reverse=True)
    assert "Tools, by name, reversed (2 of 30)" in [line.rstrip() for line in lines]
    assert "Caches (2 of 10)" in [line.rstrip() for line in lines]
    assert sum("a_tool" in line for line in lines) == 2


def test_a_pause_a_problem_and_the_keys_are_told() -> None:
    assert shown(look(), paused=True)[1].startswith("paused · 0 tools")
    assert shown(look(), problem="nothing listens", width=20)[1] == "nothing listens"
    assert shown(look(), keys=True)[-1].startswith("q quit")
    assert not any("q quit" in line for line in shown(look()))


def test_the_processes_of_a_folder() -> None:
    found = (segment(created_unix=NOW.timestamp() - 90), segment(pid=8, state="dead"))
    lines = [line.rstrip() for line in shown(look(segments=found, retired=3, system={}))]
    assert "Processes, and 3 processes that ended" in lines
    assert "up " not in lines[0]
    assert "4711  live   1 min 30 s  64.0 MiB  0.1.0" in lines
    assert any(line.split()[:2] == ["8", "dead"] for line in lines)
