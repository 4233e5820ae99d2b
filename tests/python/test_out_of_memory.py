"""Memory that is used up: nothing ends the process, records are dropped and counted, and all goes on afterwards."""

from __future__ import annotations

from child import result_of
from programs import out_of_memory

__all__: list[str] = []


def test_records_under_new_names_are_dropped_and_counted() -> None:
    assert result_of(out_of_memory.record_new_names) == [0, True, 6000, 2]


def test_errors_of_new_types_are_errors_all_the_same() -> None:
    assert result_of(out_of_memory.record_errors) == [0, 200]


def test_series_that_cannot_be_made_leave_nothing_behind() -> None:
    assert result_of(out_of_memory.define_and_label) == [True, True, 0, True]


def test_reading_fails_and_is_right_afterwards() -> None:
    assert result_of(out_of_memory.read) == [True, True, 700, 700, 1]
