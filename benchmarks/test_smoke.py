"""Every benchmark runs, its report renders, and the small functions in between compute what they say.

Kept out of `make test`, which measures nothing; run with `pytest benchmarks`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.goals import Goal, judge
from benchmarks.python.decorated import KINDS
from benchmarks.python.interference import longest_gap
from benchmarks.python.timing import Effort, Subject, measure, measure_calls

ROOT = Path(__file__).resolve().parent.parent


def test_measure_times_every_subject() -> None:
    """A sync, a compound and an async statement each get a figure."""

    async def nothing() -> None:
        pass

    subjects = [
        Subject("call", "f()", {"f": int}),
        Subject("loop", "for _ in (1, 2):\n    f()", {"f": int}),
        Subject("await", "await f()", {"f": nothing}, is_async=True),
    ]
    timings = measure(subjects, Effort.of(quick=True))
    assert list(timings) == ["call", "loop", "await"]
    assert all(0 < timing.best <= timing.median for timing in timings.values())


def test_measure_calls_prepares_each_call() -> None:
    """`before` runs once per measured call."""
    events: list[str] = []
    measure_calls({"a": lambda: events.append("a")}, rounds=2, before=lambda: events.append("before"))
    assert events == ["before", "a", "before", "a"]


def test_longest_gap_overlaps_the_span() -> None:
    """Only gaps that overlap the scrape count."""
    starts, gaps = [100, 200, 300], [90, 20, 50]
    assert longest_gap((205, 310), starts, gaps) == 50
    assert longest_gap((150, 250), starts, gaps) == 90
    assert longest_gap((195, 199), starts, gaps) == 0
    assert longest_gap((10, 50), starts, gaps) == 0


def test_a_goal_that_is_met_has_no_remark() -> None:
    """Remarks are for misses."""
    assert Goal("work", "goal", "measured", met=True).remark == ""
    assert judge({}) == []


def test_everything_runs(tmp_path: Path) -> None:
    """The whole command with the effort of a smoke test."""
    output = tmp_path / "RESULTS.md"
    subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", str(output)], cwd=ROOT, check=True, timeout=120
    )
    text = output.read_text()
    for heading in ("## Goals", "## One record", "## HTTP scrapes", "## Resident memory"):
        assert heading in text


def test_versions_are_held_against_those_before(tmp_path: Path) -> None:
    """Each version that is measured has a table, with what it was before beside it."""
    output = tmp_path / "VERSIONS.md"
    subprocess.run(
        [sys.executable, "-m", "benchmarks.versions", "--quick", "--output", str(output), sys.executable],
        check=True,
        cwd=ROOT,
    )
    text = output.read_text()
    assert f"## CPython {sys.version.split()[0]}" in text
    assert all(f"| {kind} |" in text for kind in KINDS)
