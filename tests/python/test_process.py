"""Forks, interpreters that end, and subinterpreters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from child import result_of, run
from programs import pools, process


def test_a_forked_child_starts_fresh() -> None:
    child, parent, running = result_of(process.fork_once)
    assert child == {"before": 0, "running": False, "in_progress": 0, "own": True, "port": True, "after": [1, 1]}
    # What the child recorded is the parent's to show.
    assert parent == 6
    assert running


def test_forks_while_threads_record_and_scrape() -> None:
    assert result_of(process.fork_while_threads_record_and_scrape) == "done"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(method: str) -> None:
    # A file, since spawned workers import it.
    command = [sys.executable, pools.__file__, "multiprocessing", method, "serves"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert finished.returncode == 0, finished.stderr
    # Who is spawned begins from nothing, and shares with nobody but in a directory.
    assert json.loads(finished.stdout) == [20 if method == "fork" else 0, [1]]


@pytest.mark.parametrize("end", process.ENDINGS, ids=lambda end: end.__name__)
def test_the_interpreter_ends(end: Callable[[], None]) -> None:
    finished = run(end, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    assert "Fatal" not in finished.stderr


def test_a_subinterpreter_works_or_refuses_cleanly() -> None:
    assert result_of(process.use_a_subinterpreter) == "done"
