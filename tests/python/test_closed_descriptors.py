"""A program that closes all descriptors, ours with its own: it goes on, it ends, and what it opens next is its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from child import command, result_of, run
from programs import closed_descriptors
from service import Service

__all__: list[str] = []


@pytest.mark.parametrize("shares", [False, True])
def test_the_program_goes_on_and_can_start_anew(tmp_path: Path, shares: bool) -> None:
    environment = {"TOOLVITALS_DIR": str(tmp_path / "run")} if shares else {}
    found = result_of(closed_descriptors.start_anew, **environment)
    assert found == [False, True, True, True, 301, 301, False, True, 0, False, True]


def test_the_program_ends_and_nothing_spins() -> None:
    # The program ends with a handle that it has never looked at again. It burns no processor: the thread that was
    # waiting ends, and takes no second look.
    assert result_of(closed_descriptors.leave_the_threads_alone) == [False, True, True]


@pytest.mark.parametrize("shares", [False, True])
def test_what_began_without_standard_descriptors_is_not_written_into(tmp_path: Path, shares: bool) -> None:
    report = tmp_path / "report"
    shared = {"TOOLVITALS_DIR": str(tmp_path / "run")} if shares else {}
    program = command(closed_descriptors.begin_without_standard_descriptors, str(report))
    subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", program[0], *program[program.index("error") + 1 :]],
        env={**os.environ, **shared},
        check=True,
        timeout=100,
    )
    assert json.loads(report.read_text()) == [[], 3, True]


@pytest.mark.parametrize("kind", ["socket", "datagram_socket"])
def test_sockets_for_records_are_given_up_as_well(tmp_path: Path, kind: str) -> None:
    assert result_of(closed_descriptors.give_up_sockets, kind, str(tmp_path / "socket")) == [
        True,
        False,
        False,
        True,
        True,
    ]


def test_a_forked_daemon_that_closed_its_store_keeps_counting() -> None:
    # Its store lies in memory that its parent, which has ended, shared with it and that has no name.
    assert result_of(closed_descriptors.count_as_a_forked_daemon) == [300, 0, False]


def test_a_segment_lives_on_when_its_descriptor_is_closed(tmp_path: Path) -> None:
    # Its lock stays with the mapping: nobody takes it for that of a process that has ended.
    assert result_of(closed_descriptors.keep_a_segment, TOOLVITALS_DIR=str(tmp_path / "run")) == [[2, 2], 3]


def test_a_full_descriptor_table_keeps_clients_waiting_and_no_longer() -> None:
    assert result_of(closed_descriptors.fill_the_descriptor_table) == ["waits", True, True, "HTTP/1.1 200 OK"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Two processes; what was counted before the reset lies in a baseline and in what was removed."""
    service = Service(tmp_path / "run")
    try:
        first, second, ended = service.begin(), service.begin(), service.begin()
        for worker in (first, second, ended):
            worker.record("search", 1.0, 2.0)
        ended.kill()
        first.do("reset")
        for worker in (first, second):
            worker.record("search", 1.0)
        yield service
    finally:
        service.end_all()


def test_what_a_reader_has_no_descriptors_for_is_not_silently_missing(service: Service) -> None:
    environment = {"TOOLVITALS_DIR": str(service.directory)}
    stranger, member = result_of(
        closed_descriptors.read_with_few_descriptors, str(service.directory), "search", **environment
    )
    # One for the directory and one for what is in it.
    assert stranger == ["refused", "refused", 2, 2, "refused", 2]
    # Which has the directory open, and the segments mapped.
    assert member[-1] == 2
    assert set(member) <= {2, "refused"}
    assert member[0] == member[4] == "refused"


@pytest.mark.parametrize("spare", range(4))
def test_nor_is_it_when_a_process_of_the_service_looks_first(service: Service, spare: int) -> None:
    seen = result_of(
        closed_descriptors.look_first_with_few_descriptors,
        str(spare),
        "search",
        TOOLVITALS_DIR=str(service.directory),
    )
    assert seen == 2 if spare > 1 else seen in (2, "refused")


def test_nothing_is_half_started_where_descriptors_are_short() -> None:
    finished = run(closed_descriptors.start_with_few_descriptors)
    assert finished.stdout.strip() == "[true, true, true]"
