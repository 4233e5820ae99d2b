"""What processes that have ended leave, and how it goes: with a directory and without."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from child import result_of
from programs import sharing_ended
from service import Service, samples_of

from toolvitals import prometheus

__all__: list[str] = []

_REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["alone", "directory"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    return {"TOOLVITALS_DIR": str(tmp_path / "run")} if request.param == "directory" else {}


def test_expired_series_of_ended_children_leave_the_budget(environment: dict[str, str]) -> None:
    brief, real, is_folded, series = result_of(
        sharing_ended.expire_series_of_children, METRICS_MAX_SERIES="60", **environment
    )
    assert brief == []
    assert real == 6
    assert not is_folded
    assert series < 20


def test_a_series_that_somebody_uses_keeps_what_ended_processes_recorded(environment: dict[str, str]) -> None:
    assert result_of(sharing_ended.use_what_children_recorded, **environment) == [['steady_total{kind="a"} 11'], []]


def test_a_series_that_is_removed_while_a_child_is_forked_does_not_come_back(environment: dict[str, str]) -> None:
    living, ended, series = result_of(sharing_ended.remove_under_children, **environment)
    assert living == [[]] * 4
    assert ended == [[]] * 4
    assert series < 10


def test_what_a_child_records_into_a_removed_series_counts_from_zero(environment: dict[str, str]) -> None:
    assert result_of(sharing_ended.record_into_a_removed_series, **environment) == [[], ['jobs_total{kind="a"} 2']]


@pytest.mark.parametrize("ended", ["", "ended"], ids=["living", "ended"])
@pytest.mark.parametrize("is_open", ["", "open"], ids=["closed", "open"])
def test_a_cleared_family_has_no_overflow_series_and_begins_anew(
    environment: dict[str, str], is_open: str, ended: str
) -> None:
    steps = result_of(sharing_ended.clear_what_overflowed, is_open, ended, **environment)
    of_both = ['kind="a"} 2', 'otel_metric_overflow="true"} 640']
    anew = ['kind="b"} 4', 'otel_metric_overflow="true"} 5']
    unaffected = [] if is_open else [of_both]
    still = [] if ended else [anew]
    assert steps == [of_both, *unaffected, [], anew, *still, []]


@pytest.mark.parametrize("read", ["read", "unread"])
def test_an_unregistered_family_leaves_with_what_ended_children_recorded(
    environment: dict[str, str], read: str
) -> None:
    seen, again = result_of(sharing_ended.unregister_what_children_recorded, read, **environment)
    assert seen == [[], ["plugin_count 1"], {}] * 5
    assert again == ['plugin_total{kind="a"} 1']


def test_a_family_that_is_unregistered_while_children_live_leaves_with_them(environment: dict[str, str]) -> None:
    assert result_of(sharing_ended.unregister_while_children_live, **environment) == [
        [],
        [],
        ['plugin_total{kind="a"} 1'],
    ]


def test_a_child_that_unregisters_leaves_its_siblings_alone(environment: dict[str, str]) -> None:
    assert result_of(sharing_ended.unregister_in_a_child, **environment) == ['plugin_total{kind="a"} 2']


def test_a_daemon_takes_along_what_its_parent_left(tmp_path: Path) -> None:
    assert result_of(sharing_ended.unregister_as_a_daemon, TOOLVITALS_DIR=str(tmp_path / "run")) == [
        ['plugin_total{kind="a"} 1'],
        [],
    ]


@pytest.mark.parametrize("removals", [10, 1500])
def test_removals_are_noted_and_written_into_retired_later(tmp_path: Path, removals: int) -> None:
    before, after, is_kept, has_journal, refused, has_journal_then = result_of(
        sharing_ended.remove_many, str(removals), TOOLVITALS_DIR=str(tmp_path / "run")
    )
    assert sorted(before) == sorted(f'jobs_total{{kind="{i}"}} 1' for i in range(removals, removals + 5))
    assert sorted(after) == sorted([*before, 'jobs_total{kind="new"} 1'])
    # After so many as are noted they are written out.
    assert is_kept == (removals < 1024)
    assert has_journal
    assert not has_journal_then
    assert refused == {}


def test_more_removals_than_are_noted_in_memory() -> None:
    assert result_of(sharing_ended.remove_more_than_is_noted) == [3000, ['jobs_total{kind="2999"} 2'], []]


def test_a_child_reads_anew_what_its_parent_had_read(tmp_path: Path) -> None:
    assert (
        result_of(sharing_ended.read_in_a_child, TOOLVITALS_DIR=str(tmp_path / "run"))
        == [['jobs_total{kind="a"} 4']] * 3
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "run")
    yield service
    service.end_all()


def test_the_last_of_several_workers_takes_a_family_along(service: Service) -> None:
    workers = [service.begin() for _ in range(3)]
    for worker in workers:
        worker.count("a", 5)
    workers[0].kill()
    workers[1].do("unregister", "jobs")
    # What it recorded itself goes, and nobody else's.
    assert samples_of(workers[1].text(), "jobs_total") == ['jobs_total{kind="a"} 10']
    workers[2].do("unregister", "jobs")
    for worker in workers[1:]:
        assert "jobs" not in worker.text()
    assert service.begin().metrics()["toolvitals"]["merge_conflicts"] == {}


def test_recycled_workers_with_labels_of_sessions(service: Service) -> None:
    for number in range(6):
        worker = service.begin(METRICS_MAX_SERIES="40")
        worker.do("define", "Counter", "sessions", {"labelnames": ["id"], "ttl_s": 0.05})
        for session in range(15):
            worker.do("use_child", "sessions", [f"{number} {session}"], "inc")
        worker.count(f"kind {number}")
        worker.text()
        worker.kill()
    last = service.begin(METRICS_MAX_SERIES="40")
    assert len(samples_of(last.text(), "jobs_total")) == 6
    assert samples_of(last.text(), "sessions_total") == []
    assert last.metrics()["toolvitals"]["series"] < 40


def test_gauges_of_more_processes_than_the_budget_holds(environment: dict[str, str]) -> None:
    assert 2 <= result_of(sharing_ended.set_gauges_of_thirty, METRICS_MAX_SERIES="20", **environment) <= 22


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, 1e10])
def test_a_time_to_live_is_a_number_of_seconds(value: float) -> None:
    with pytest.raises(ValueError, match="from 0, for ever, to 1e9"):
        prometheus.Counter("has_no_such_ttl", "Help.", ttl_s=value)


@pytest.mark.parametrize("has_directory", ["0", "1"])
def test_processes_live_as_the_model_says(has_directory: str) -> None:
    command = [sys.executable, "-m", "tests.crash.lifetimes", "--seeds", "2", "--directory", has_directory]
    finished = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, timeout=110)
    assert finished.returncode == 0, finished.stderr
