"""Copies of the package: one that nobody uses any more is freed, one that somebody uses is told of fork and exit."""

from __future__ import annotations

import pytest
from child import result_of, run
from programs import imported_anew


@pytest.mark.parametrize("environment", [{}, {"PERFORMANCE_METRICS_ENABLED": "false"}], ids=["recording", "off"])
def test_a_copy_that_nobody_uses_is_freed(environment: dict[str, str]) -> None:
    alive, fork_hooks, exit_hooks = result_of(imported_anew.live_modules, "5", **environment)
    assert alive == {}
    assert fork_hooks == 0
    assert exit_hooks <= 2  # of the standard library's, at the first use of something


def test_copies_that_are_used_are_told_of_fork_and_exit() -> None:
    told = ["used told", "served told"]
    assert run(imported_anew.end_with_copies).stdout.splitlines() == [*told, "200 toolvitals hook", *told]
