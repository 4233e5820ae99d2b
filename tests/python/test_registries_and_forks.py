"""Metrics of one name in several registries, in processes that fork, end, and drop registries."""

from __future__ import annotations

from pathlib import Path

import pytest
from child import result_of
from programs import registries

__all__: list[str] = []


@pytest.fixture(params=["alone", "directory"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    return {"TOOLVITALS_DIR": str(tmp_path / "run")} if request.param == "directory" else {}


def test_a_registry_for_each_job(environment: dict[str, str]) -> None:
    assert result_of(registries.make_a_registry_for_each_job, **environment) == [[3, 1]] * 20


def test_children_record_into_the_registry_that_they_were_forked_with(environment: dict[str, str]) -> None:
    seen, in_snapshot, in_json, collected = result_of(registries.record_in_children, **environment)
    assert seen == [[[1 + 10 * n], [2 + 20 * n], [4 + 40 * n]] for n in (1, 2, 3)]
    assert in_snapshot == in_json == [124]
    # What is collected in Python is of this process.
    assert collected == [4, 1]


def test_a_child_registers_though_another_thread_did_so_at_the_fork() -> None:
    assert result_of(registries.fork_while_another_thread_registers) == [0, []]


def test_removing_is_of_one_registry(environment: dict[str, str]) -> None:
    assert result_of(registries.remove_in_one_registry, **environment) == [
        [[1], [1], [1], [1], [1], [1]],
        [[], [1], [1], [1], [1], [1]],
        [[], [1], [1], [1], [], []],
        [[], [1], [1], [], [], []],
    ]


def test_a_registry_that_went_leaves_nothing_to_the_next(environment: dict[str, str]) -> None:
    assert result_of(registries.drop_registries_one_by_one, **environment) == [[11]] * 4


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_registries_and_forks(environment: dict[str, str], seed: int) -> None:
    assert result_of(registries.play, str(seed), **environment) == []
