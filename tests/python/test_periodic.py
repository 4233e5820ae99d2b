"""periodic: one clock for all subscribers, with a time that the tests advance."""

from __future__ import annotations

import logging
import math
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from child import result_of, run
from hypothesis import given
from hypothesis import strategies as st
from programs import clock
from waiting import wait_until

from toolvitals import periodic
from toolvitals.periodic import MAX_CALLS, PATIENCE_S, Clock, Subscription

WAIT_SECONDS = 30


class Time:
    """A clock's time; it begins at a multiple of no interval."""

    def __init__(self) -> None:
        self.now = 1000.5
        self.clock = Clock(lambda: self.now)

    def go_to(self, now: float) -> None:
        self.now = now
        self.clock.wake()


class Source:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self) -> int:
        self.reads += 1
        return self.reads


class Calls:
    """A subscriber that tells what it was called with."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Any] = queue.Queue()

    def __call__(self, *arguments: Any) -> None:
        self._queue.put(arguments)

    def next(self) -> Any:
        return self._queue.get(timeout=WAIT_SECONDS)

    def none(self) -> bool:
        return self._queue.empty()


@pytest.fixture
def time() -> Iterator[Time]:
    made = Time()
    yield made
    made.clock.close(WAIT_SECONDS)


def clock_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "toolvitals-clock"]


def settled(time: Time, hanging: int = 0) -> None:
    """Waits until one thread waits for the next deadline, and no other one is there but those whose calls hang."""
    wait_until(lambda: time.clock._waits and time.clock._threads == 1 + hanging, "the clock waits")


def test_all_that_are_due_share_one_reading(time: Time) -> None:
    source, often, seldom = Source(), Calls(), Calls()
    time.clock.every(source, 10, often)
    time.clock.every(source, 30, seldom)
    for now, reads in ((1010, 1), (1020, 2), (1050, 3)):
        time.go_to(now)
        assert often.next() == (reads,)
    # 1020 and 1050 are multiples of thirty.
    assert [seldom.next(), seldom.next()] == [(2,), (3,)]
    assert source.reads == 3


def test_sources_are_told_apart_by_identity(time: Time) -> None:
    first, second, calls, without = Source(), Source(), Calls(), Calls()
    first.reads = 100
    time.clock.every(first, 10, calls)
    time.clock.every(second, 10, calls)
    time.clock.every(None, 10, without)
    time.go_to(1010)
    assert {calls.next(), calls.next()} == {(101,), (1,)}
    assert without.next() == ()


def test_at_once_and_then_from_there(time: Time) -> None:
    calls = Calls()
    time.clock.every(None, 10, calls, at_once=True)
    assert calls.next() == ()
    marker = Calls()
    time.clock.every(None, 10, marker)
    time.go_to(1010)
    marker.next()
    assert calls.none()
    time.go_to(1010.5)
    assert calls.next() == ()


def test_what_was_missed_is_not_made_up_for(time: Time) -> None:
    calls, marker = Calls(), Calls()
    subscription = time.clock.every(None, 1, calls)
    time.go_to(1000.5 + 3600)
    calls.next()
    time.clock.every(None, 0.25, marker)
    time.go_to(1000.75 + 3600)
    marker.next()
    settled(time)
    assert calls.none()
    time.go_to(1001 + 3600)
    calls.next()
    # Of the deadlines from 1001 to 4600 one was kept, and from there to 4601 another one.
    assert (subscription.calls, subscription.missed) == (2, 3599)


def test_what_came_while_a_call_was_running_is_left_out(time: Time) -> None:
    entered, go_on = Calls(), threading.Semaphore(0)

    def slow() -> None:
        entered()
        go_on.acquire(timeout=WAIT_SECONDS)

    subscription = time.clock.every(None, 10, slow)
    time.go_to(1010)
    entered.next()
    time.go_to(1035)
    go_on.release()
    settled(time)
    assert entered.none()
    assert (subscription.calls, subscription.missed) == (1, 2)
    time.go_to(1040)
    entered.next()
    go_on.release()
    assert subscription.stop(WAIT_SECONDS)


def test_who_raises_is_counted_and_logged_once(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[BaseException | None] = [ValueError("a"), SystemExit(), None, KeyError("b")]
    calls = Calls()

    def raises() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    subscription = time.clock.every(None, 10, raises, name="raises")
    time.clock.every(None, 10, calls)
    with caplog.at_level(logging.WARNING, "toolvitals"):
        for tick in range(1, 5):
            time.go_to(1000 + 10 * tick)
            calls.next()
        settled(time)
    assert (subscription.calls, subscription.failures) == (4, 3)
    told = [record for record in caplog.records if record.name == "toolvitals"]
    assert ["raises" in record.getMessage() for record in told] == [True, True]
    assert [record.exc_info is not None and record.exc_info[0] for record in told] == [ValueError, KeyError]


def test_a_source_that_raises_harms_its_own_alone(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def read(self) -> int:
            raise OSError("away")

    calls, other = Calls(), Calls()
    subscription = time.clock.every(Broken(), 10, calls)
    time.clock.every(Source(), 10, other)
    for tick in range(1, 3):
        time.go_to(1000 + 10 * tick)
        other.next()
    settled(time)
    assert (subscription.calls, subscription.failures) == (0, 2)
    assert calls.none()
    assert sum("its source raised" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("where", ["subscriber", "source"])
def test_who_hangs_holds_up_nobody(where: str, time: Time) -> None:
    entered, go_on, calls = threading.Event(), threading.Event(), Calls()

    def hang(*_: Any) -> None:
        entered.set()
        assert go_on.wait(WAIT_SECONDS)

    class Hanging:
        read = staticmethod(hang)

    hung = time.clock.every(*((None, 10, hang) if where == "subscriber" else (Hanging(), 10, Calls())))
    time.clock.every(None, 10, calls)
    try:
        time.go_to(1010)
        assert entered.wait(WAIT_SECONDS)
        time.go_to(1010 + PATIENCE_S)
        calls.next()
        # From then on the others are called when they are due.
        for tick in range(2, 5):
            time.go_to(1000 + 10 * tick)
            calls.next()
        assert (hung.missed, hung.stop()) == (3, False)
    finally:
        go_on.set()
    assert hung.stop(WAIT_SECONDS)
    assert hung.calls == (where == "subscriber")
    settled(time)


def test_as_many_calls_as_there_may_be_may_hang(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    go_on, entered, calls = threading.Event(), Calls(), Calls()

    def hang() -> None:
        entered()
        go_on.wait(WAIT_SECONDS)

    def said() -> int:
        text = f"{MAX_CALLS} periodic calls hang"
        return sum(text in record.getMessage() for record in caplog.records)

    healthy = time.clock.every(None, 1, calls, name="healthy")
    try:
        for number in range(MAX_CALLS - 1):
            time.clock.every(None, 10, hang, name=f"hang {number}", at_once=True)
            entered.next()
            # With all but one of them hanging, the last one is enough, and nothing is said.
            time.go_to(time.now + 2 * PATIENCE_S)
            calls.next()
        for _ in range(5):
            time.go_to(time.now + 1)
            calls.next()
        settled(time, hanging=MAX_CALLS - 1)
        assert said() == 0
        time.clock.every(None, 10, hang, name="one too many", at_once=True)
        entered.next()
        before = healthy.calls
        for _ in range(3):
            time.go_to(time.now + 2 * PATIENCE_S)
            wait_until(lambda: said() == 1, "it is said, and once")
        assert healthy.calls == before
    finally:
        go_on.set()
    calls.next()
    # Everybody is due again by now, and nobody hangs any more.
    time.clock.close(WAIT_SECONDS)
    assert said() == 1


@pytest.mark.parametrize("patience_s", [math.inf, 1e300, threading.TIMEOUT_MAX])
def test_a_call_may_be_waited_for_as_long_as_it_takes(patience_s: float, time: Time) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        assert go_on.wait(WAIT_SECONDS)

    subscription = time.clock.every(None, 10, wait, at_once=True)
    assert entered.wait(WAIT_SECONDS)
    stopping = threading.Thread(target=subscription.stop, args=(patience_s,))
    stopping.start()
    wait_until(lambda: subscription.stopped, "it is being stopped")
    assert stopping.is_alive()
    go_on.set()
    stopping.join(WAIT_SECONDS)
    assert not stopping.is_alive()


def test_one_thread_whatever_there_is_to_call(time: Time) -> None:
    before = len(clock_threads())
    calls = [Calls() for _ in range(20)]
    for one in calls:
        time.clock.every(None, 10, one)
    time.go_to(1010)
    for one in calls:
        one.next()
    settled(time)
    wait_until(lambda: len(clock_threads()) <= before + 1, "one thread is left")
    assert all(thread.daemon for thread in clock_threads())


def test_it_is_stopped_without_waiting_out_an_interval(time: Time) -> None:
    calls = Calls()
    subscription = time.clock.every(None, 86400, calls)
    settled(time)
    assert subscription.stop(WAIT_SECONDS)
    assert subscription.stopped
    # With nothing left to call the thread ends.
    wait_until(lambda: not time.clock._threads, "the thread ends")
    time.go_to(10 * 86400)
    assert calls.none()
    time.clock.every(None, 86400, calls, at_once=True)
    calls.next()


def test_a_subscriber_may_stop_itself(time: Time) -> None:
    stopped: queue.Queue[bool] = queue.Queue()
    made: list[Subscription] = []
    made.append(time.clock.every(None, 10, lambda: stopped.put(made[0].stop(WAIT_SECONDS))))
    time.go_to(1010)
    assert stopped.get(timeout=WAIT_SECONDS) is False
    assert made[0].stop(WAIT_SECONDS)


def test_a_closed_clock_calls_nobody(time: Time) -> None:
    calls = Calls()
    time.clock.every(None, 10, calls)
    settled(time)
    time.clock.close()
    time.clock.every(None, 10, calls, at_once=True)
    time.go_to(1010)
    wait_until(lambda: not time.clock._threads, "the thread ends")
    assert calls.none()


@pytest.mark.parametrize("seconds", [0, -1, 0.0009, 366 * 86400 + 1, float("nan"), float("inf")])
def test_an_interval_has_a_range(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"seconds=.* is not allowed: an interval must be from 0.001 to 31622400"):
        periodic.every(None, seconds, print)
    for wrong in ("1", None, True):
        with pytest.raises(TypeError, match="must be a number"):
            periodic.every(None, wrong, print)  # type: ignore[arg-type]


@given(st.floats(0, 1e9), st.floats(0.001, 1e7), st.booleans())
def test_the_next_deadline_is_the_first_after_now(now: float, seconds: float, at_once: bool) -> None:
    subscription = Subscription(Clock(lambda: now), None, seconds, print, "")
    subscription._origin = now / 3 if at_once else 0.0
    periodic._move_on(subscription, now)
    assert now < subscription._due
    assert subscription._due - now <= seconds * (1 + 1e-9) + now * 1e-12


def test_a_forked_child_goes_on_with_what_is_its_own() -> None:
    assert result_of(clock.fork_with_subscribers) == [[True, False, True, []], False, True]


def test_a_subscriber_may_fork() -> None:
    assert result_of(clock.fork_in_a_subscriber) is True


def test_a_subscriber_may_fork_and_come_back_in_the_child() -> None:
    """The thread that came back ends there, and asks for nothing that was the parent's: one clock goes on."""
    assert result_of(clock.come_back_in_the_child_of_a_subscriber) == [1, True, False]


def test_at_exit_a_call_is_waited_for_and_none_begins() -> None:
    assert run(clock.exit_while_a_subscriber_is_called).stdout.splitlines() == ["the program's own", "done"]


def call_twice(subscribe: Callable[[Callable[[], None]], Subscription]) -> None:
    twice = threading.Semaphore(0)
    subscription = subscribe(twice.release)
    assert twice.acquire(timeout=WAIT_SECONDS)
    assert twice.acquire(timeout=WAIT_SECONDS)
    subscription.stop()


def test_the_processes_own_clock() -> None:
    call_twice(lambda call: periodic.every(None, 0.001, call))
