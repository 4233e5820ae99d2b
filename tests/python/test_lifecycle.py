"""_lifecycle: who is told of start, stop, fork and exit, and in which order."""

from __future__ import annotations

import pytest
from child import result_of, run
from programs import lifecycle, lifecycle_main

UP = ["endpoints", "raises", "collectors", "clock", "senders", "more senders"]
DOWN = ["senders", "more senders", "clock", "raises", "collectors", "endpoints"]


@pytest.mark.parametrize(("event", "order"), [("STARTED", UP), ("FORKED", UP), ("STOPPED", DOWN), ("EXIT", DOWN)])
def test_the_order_of_an_event(event: str, order: list[str]) -> None:
    assert result_of(lifecycle.order_of, event) == order


def test_a_fork_is_told_in_the_child_alone() -> None:
    assert result_of(lifecycle.order_after_a_fork) == [UP, []]


def test_the_exit_is_told_behind_the_programs_own() -> None:
    assert run(lifecycle.exit_with_hooks).stdout.splitlines() == ["the program's own", *DOWN]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("imported", ["before", "after"])
def test_a_worker_of_multiprocessing_is_told_of_its_end(method: str, imported: str) -> None:
    lines = run(lifecycle_main.begin_a_worker, method, imported, check=False).stdout.splitlines()
    assert lines[:2] == ["work", "end worker"]
    assert lines[lines.index("main") + 1] == "end MainProcess"


def test_a_module_that_is_loaded_again_is_told_once() -> None:
    assert result_of(lifecycle.reload_a_module_with_hooks) is True
