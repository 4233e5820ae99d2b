"""Processes that are killed at random instants, for real: nothing is lost, and nothing counts twice.

`make crash` runs ten times as many.
"""

from __future__ import annotations

import pytest
from tests.crash.run import run

__all__: list[str] = []


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_when_processes_are_killed(seed: int) -> None:
    outcome = run(kills=100, seed=seed)
    assert outcome.lives > 0
    assert outcome.acknowledged > 0
    assert outcome.scrapes > 0
    assert (outcome.lost, outcome.counted_twice, outcome.falls) == (0, 0, 0), str(outcome)
