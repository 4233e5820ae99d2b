"""Label sets that a budget folds together: said once for each family, with the limit and the setting that raises it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from child import run
from programs import folds

from toolvitals.prometheus import Counter, Histogram

# What is limited belongs to the whole process, and so does the sketch of the busiest label values: whatever folds more
# than a few is a process of its own.


def said(program: Callable[..., None], *arguments: str, **environment: str) -> list[str]:
    return run(program, *arguments, **environment).stdout.splitlines()


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "toolvitals"]


def test_a_family_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    orders = Counter("folded_orders", "", ["customer"], registry=None, max_series=3)
    for customer in range(5):
        orders.labels(customer).inc()
    seconds = Histogram("folded_seconds", "", ["path"], registry=None, max_series=1)
    for path in range(3):
        seconds.labels(path).observe(1)
    assert messages(caplog) == [
        f"toolvitals counts new label sets of {name} in one overflow series, because it has the {limit} label sets "
        "that max_series= allows it; a larger max_series= keeps more apart; totals stay exact"
        for name, limit in (("folded_orders", 3), ("folded_seconds", 1))
    ]
    assert orders.collect()[0].samples[-2].value == 2


def test_what_fits_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    users = Counter("unfolded_users", "", ["name"], registry=None, max_series=3)
    for name in ("a", "b", "c", "a"):
        users.labels(name).inc()
    assert messages(caplog) == []


@pytest.mark.parametrize(("value", "why"), [("x" * 5000, "more than 4096 bytes"), ("\ud800", "encoded as UTF-8")])
def test_values_that_cannot_be_kept_are_told(value: str, why: str, caplog: pytest.LogCaptureFixture) -> None:
    Counter(f"unkept_{len(value)}", "", ["a"], registry=None).labels(value).inc()
    [message] = messages(caplog)
    assert why in message


def test_threads_are_told_once() -> None:
    [line] = said(folds.fold_in_threads)
    assert "folded_race" in line


def test_a_handler_that_raises_or_records_harms_nobody() -> None:
    again = Counter("folded_again", "", ["i"], registry=None, max_series=1)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            again.labels("from the handler").inc()
            raise RuntimeError("a broken handler")

    handler = Handler()
    logging.getLogger("toolvitals").addHandler(handler)
    try:
        for i in range(3):
            again.labels(i).inc()
    finally:
        logging.getLogger("toolvitals").removeHandler(handler)
    assert [sample.value for sample in again.collect()[0].samples if sample.name.endswith("_total")] == [1, 3]


def test_the_limit_over_all_families() -> None:
    lines = said(folds.fold_over_all_families)
    families = ("first", "second", "tool_calls", "cache_requests", "tool_call_errors")
    assert sorted(line.split("label sets of ")[1].split()[0] for line in lines) == sorted(families)
    assert all("the 5 label sets that METRICS_MAX_SERIES allows; a larger METRICS_MAX_SERIES" in line for line in lines)


def test_the_limit_of_memory() -> None:
    [line] = said(
        folds.fold_for_memory,
        METRICS_MEMORY_LIMIT_MB="2",
        METRICS_MAX_SERIES="100000",
        METRICS_WINDOW_SIZE="10",
    )
    assert "the 2 MiB that METRICS_MEMORY_LIMIT_MB allows" in line


def test_types_of_errors_have_a_limit_of_their_own() -> None:
    [line] = said(folds.fold_types_of_errors)
    assert "tool_call_errors" in line
    assert "256 types of error" in line


def test_a_forked_child_tells_by_itself() -> None:
    lines = said(folds.fold_in_parent_and_child)
    told = [line.split("label sets of ")[1].split()[0] for line in lines]
    assert told == ["before", "later", "later"]


def test_a_fork_while_others_fold_does_not_hang() -> None:
    assert said(folds.fork_while_threads_fold) == []


def test_native_threads_leave_it_to_be_told(tmp_path: Path) -> None:
    """What a socket takes in is recorded without the interpreter, so a Python thread asks."""
    lines = said(folds.fold_in_native_threads, str(tmp_path / "s"))
    assert [line for line in lines if "native_orders" in line and "METRICS_MAX_SERIES" in line]
