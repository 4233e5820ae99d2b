"""Forked children: at their parent's endpoint, or in the directory that is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from child import result_of
from programs import pools, sharing_forks

__all__: list[str] = []


def test_forked_children_are_at_their_parents_endpoint() -> None:
    calls, processes, jobs, levels = result_of(sharing_forks.fork_and_be_killed)
    assert calls == {"born in the child": 4, "search": 5}
    assert processes == {"live": 1, "retired": 4, "unshared": 0}
    assert jobs == ['jobs_total{kind="a"} 4.0']
    # What the children have of the parent's gauge is not shown again.
    assert levels == ["level 3.0"]


def test_a_forked_childs_memory_is_given_back() -> None:
    total, slots = result_of(sharing_forks.fork_three_hundred)
    assert total == 301
    assert slots <= 3


def test_a_child_that_serves_shows_itself_and_its_own_children() -> None:
    of_child, of_parent = result_of(sharing_forks.fork_who_serves)
    assert of_child == 3
    assert of_parent == 2


def test_forks_in_a_directory(tmp_path: Path) -> None:
    total, files = result_of(sharing_forks.fork_in_a_directory, TOOLVITALS_DIR=str(tmp_path / "run"))
    assert total == 6
    assert len(files) == 2
    assert files[-1] == "retired"


def test_a_directory_that_is_gone_leaves_children_to_themselves(tmp_path: Path) -> None:
    statuses, total, processes = result_of(
        sharing_forks.fork_without_the_directory, TOOLVITALS_DIR=str(tmp_path / "run")
    )
    assert statuses == [0, 0]
    assert total == 1
    assert processes["unshared"] == 2


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("kind", ["multiprocessing", "concurrent.futures"])
def test_pools_in_a_directory(tmp_path: Path, method: str, kind: str) -> None:
    # A file, since spawned workers import it.
    command = [sys.executable, pools.__file__, kind, method]
    environment = {**os.environ, "TOOLVITALS_DIR": str(tmp_path / "run")}
    finished = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)
    assert finished.returncode == 0, finished.stderr
    calls, _ = json.loads(finished.stdout)
    assert calls == 20


def test_a_founder_resets_and_removes_for_its_children() -> None:
    assert result_of(sharing_forks.reset_and_remove_for_a_child) == [
        2,
        ['jobs_total{kind="a"} 5.0'],
        0,
        ['jobs_total{kind="a"} 0.0'],
        [],
        1,
        ['jobs_total{kind="a"} 2.0'],
        1,
        ['jobs_total{kind="a"} 2.0'],
    ]
