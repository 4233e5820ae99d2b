"""One clock for what is done again and again: subscribers that are called at intervals, with a snapshot or without.

from toolvitals import periodic

subscription = periodic.every(source, 10, send)   # send(source.read()), every ten seconds
subscription.stop()

One daemon thread waits for the process's next deadline. Subscribers of the same source that are due at the same time
share one reading of it. An interval's deadlines are multiples of it on the monotonic clock, so that those of ten and of
thirty seconds meet; one that was missed is left out, never made up for.

A subscriber that raises is counted and logged once, until it succeeds again. While a call is under way, a second thread
waits in the clock's place if there are others to call: a call that takes longer than a second holds up nobody after
that, and its own subscriber alone is not called again until it comes back. Sixteen that hang at the same time are too
many: then nobody is called until one comes back, which is logged.

In the child of a fork the clock is the parent's; subscriptions with `in_children` go on there. At exit no call begins
any more, and those under way are waited for, a second at most.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from toolvitals import _lifecycle
from toolvitals._late import logger

__all__ = ["Clock", "Readable", "Subscription", "every"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MIN_SECONDS, MAX_SECONDS = 0.001, 366 * 86400.0

# After so long others are called although a call is under way; so long the process's end waits for it.
PATIENCE_S = 1.0
# Calls that may be under way at the same time, those included that hang. One thread more waits for the next deadline.
MAX_CALLS = 16


class Readable(Protocol[T_co]):
    """A source: what `read()` gives is handed to every subscriber that is due."""

    def read(self) -> T_co:
        """What there is now. May raise, and take its time."""


class Subscription:
    """What `every()` returns. `calls`, `failures` (which raised, or whose source could not be read) and `missed`
    (deadlines that came while the call before was still running, or that nobody was awake for) count since it was made.
    Thread-safe."""

    def __init__(
        self, clock: Clock, source: Readable[Any] | None, seconds: float, call: Callable[..., object], name: str
    ) -> None:
        """For Clock.every() alone."""
        self.name = name
        self.seconds = seconds
        self.calls = self.failures = self.missed = 0
        self._clock = clock
        self._source = source
        self._call = call
        # The clock's, under its lock. Deadlines are so many intervals behind the origin.
        self._origin = self._due = 0.0
        self._in_children = False
        self._stopped = False
        self._running = False
        self._thread = 0
        self._failed = False

    @property
    def stopped(self) -> bool:
        """Whether it was stopped, by stop() or in a forked child."""
        return self._stopped

    def stop(self, patience_s: float = 0.0) -> bool:
        """Has no call begin any more. Idempotent; may be called by the subscriber itself.

        A call that is under way is waited for, so many seconds at most (for ever: math.inf), unless it is the one that
        calls this. Returns whether none is under way.
        """
        return self._clock._remove(self, patience_s)

    def __repr__(self) -> str:
        return f"<toolvitals.periodic.Subscription {self.name}, every {self.seconds:g} s>"

    def _run(self, *arguments: Any) -> None:
        """Calls the subscriber. What it raises is counted, logged the first time, and gone."""
        self.calls += 1
        self._thread = threading.get_ident()
        try:
            self._call(*arguments)
        except BaseException as error:
            # Nobody stands behind this thread who would take an exception, of whatever kind.
            self._fail("raised", error)
        else:
            self._failed = False
        finally:
            self._thread = 0

    def _fail(self, what: str, error: BaseException) -> None:
        self.failures += 1
        failed, self._failed = self._failed, True
        if not failed:
            _warn("the periodic call %s %s; further failures are only counted", self.name, what, error=error)


# What a thread does next: it may find more to do, which it returns.
_Work = Callable[[], "list[_Work]"]


class Clock:
    """The clock of a process; `every()` uses one for all. Tests give theirs a time of their own. Thread-safe.

    `now` gives seconds and never goes back; wake() has the clock look at it again.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._subscriptions: list[Subscription] = []
        self._begin()

    def every(
        self,
        source: Readable[Any] | None,
        seconds: float,
        subscriber: Callable[..., object],
        *,
        name: str = "",
        at_once: bool = False,
        in_children: bool = False,
    ) -> Subscription:
        """As the function of that name."""
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise TypeError(f"seconds={seconds!r} is not allowed: it must be a number")
        if not MIN_SECONDS <= seconds <= MAX_SECONDS:
            raise ValueError(
                f"seconds={seconds!r} is not allowed: an interval must be from {MIN_SECONDS} to {MAX_SECONDS:.0f}"
            )
        made = Subscription(self, source, float(seconds), subscriber, name or _name_of(subscriber))
        made._in_children = in_children
        with self._changed:
            made._origin = made._due = self._now() if at_once else 0.0
            if not at_once:
                _move_on(made, self._now())
            self._subscriptions.append(made)
        self.wake()
        return made

    def wake(self) -> None:
        """Looks at the time again, and for what there is to do."""
        with self._changed:
            self._changed.notify_all()
            wanted = not self._waits and not self._closed and bool(self._subscriptions)
            begins = wanted and self._claim_thread()
        if begins:
            self._start_thread()

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Calls nobody any more, and waits for the calls that are under way, so many seconds at most. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._wait_for(lambda: not any(one._running for one in self._subscriptions), patience_s)

    def begin_afresh_in_child(self) -> None:
        """In the child of a fork: the threads and the locks are the parent's, and so are most subscriptions."""
        closed = self._closed
        self._begin()
        self._closed = closed
        kept = []
        for subscription in self._subscriptions:
            subscription._running = False
            subscription._stopped = not subscription._in_children
            if subscription._in_children:
                _move_on(subscription, self._now())
                kept.append(subscription)
        self._subscriptions = kept
        self.wake()

    def _begin(self) -> None:
        """Makes what belongs to one process."""
        self._changed = threading.Condition()
        self._work: deque[_Work] = deque()
        self._closed = False
        # Whether a thread waits for the next deadline, how many there are, how many of them call somebody, and whether
        # it was said that all of these hang.
        self._waits = False
        self._threads = 0
        self._calling_threads = 0
        self._exhausted = False
        # The work that was begun last and is not done, and since when.
        self._latest: _Work | None = None
        self._latest_since = 0.0

    def _remove(self, subscription: Subscription, patience_s: float) -> bool:
        with self._changed:
            subscription._stopped = True
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
            self._changed.notify_all()
            if subscription._thread == threading.get_ident():
                return False
            return self._wait_for(lambda: not subscription._running, patience_s)

    def _wait_for(self, condition: Callable[[], bool], patience_s: float) -> bool:
        """With the lock held. Threads know no longer time than one of some centuries."""
        return self._changed.wait_for(condition, min(patience_s, threading.TIMEOUT_MAX))

    # --- the threads

    def _claim_thread(self) -> bool:
        """Whether another thread may be; with the lock held."""
        if self._threads > MAX_CALLS:
            return False
        self._threads += 1
        return True

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._run, name="toolvitals-clock", daemon=True).start()
        except RuntimeError as error:
            # The interpreter ends, or the system has none left: the next subscription, or call, tries again.
            logger().debug("the clock's thread cannot be started: %s", error)
            with self._changed:
                self._threads -= 1

    def _run(self) -> None:
        changed = self._changed
        while changed is self._changed:
            work = self._next_work()
            if work is None:
                return
            more = work()
            if changed is not self._changed:
                return  # A subscriber has forked, and this is the child.
            with changed:
                self._work.extendleft(reversed(more))
                if self._latest is work:
                    self._latest = None
                self._calling_threads -= 1
                self._changed.notify_all()

    def _next_work(self) -> _Work | None:
        """Waits for something to do, and has another thread wait in its place; None where this one is to end."""
        with self._changed:
            work = None
            if self._work and self._latest is None:
                work = self._work.popleft()
            elif not self._waits:
                self._waits = True
                try:
                    work = self._wait()
                finally:
                    self._waits = False
            if work is None:
                self._threads -= 1
                return None
            self._latest, self._latest_since = work, self._now()
            self._calling_threads += 1
            deputy = not self._waits and self._has_others() and self._claim_thread()
        if deputy:
            self._start_thread()
        return work

    def _has_others(self) -> bool:
        return bool(self._work) or any(not one._running for one in self._subscriptions)

    def _wait(self) -> _Work | None:
        """With the lock held, until something is to be done; None where nothing ever will be."""
        while not self._closed and (self._subscriptions or self._work):
            now = self._now()
            free_at = now if self._latest is None else self._latest_since + PATIENCE_S
            if free_at <= now and self._calling_threads == MAX_CALLS:
                self._exhaust()
                free_at = math.inf
            if free_at <= now:
                if not self._work:
                    self._begin_tick(now)
                if self._work:
                    return self._work.popleft()
                self._exhausted = False
            idle = [one._due for one in self._subscriptions if not one._running]
            wake_at = max(now if self._work else min(idle, default=math.inf), free_at)
            self._changed.wait(None if wake_at == math.inf else max(0.0, wake_at - now))
        return None

    def _exhaust(self) -> None:
        """All threads that may call somebody hang. Said once, until nothing is left undone."""
        if not self._exhausted:
            self._exhausted = True
            _warn("%d periodic calls hang; nobody is called until one comes back", MAX_CALLS)

    def _begin_tick(self, now: float) -> None:
        """Takes everything that is due, one piece of work for each source."""
        groups: dict[int, list[Subscription]] = {}
        for one in self._subscriptions:
            if one._due <= now:
                one.missed += _move_on(one, now)
                if not one._running:
                    one.missed -= 1
                    one._running = True
                    groups.setdefault(id(one._source), []).append(one)
        for group in groups.values():
            self._work.append(self._reading(group))

    def _reading(self, group: list[Subscription]) -> _Work:
        """Reads the source of a group once, and finds that its subscribers are to be called."""
        source = group[0]._source

        def read() -> list[_Work]:
            arguments: tuple[Any, ...] = ()
            if source is not None and not self._closed:
                try:
                    arguments = (source.read(),)
                except BaseException as error:
                    for one in group:
                        one._fail("could not be called: its source raised", error)
                        self._done(one)
                    return []
            return [self._calling(one, arguments) for one in group]

        return read

    def _calling(self, subscription: Subscription, arguments: tuple[Any, ...]) -> _Work:
        def call() -> list[_Work]:
            if not subscription._stopped and not self._closed:
                subscription._run(*arguments)
            self._done(subscription)
            return []

        return call

    def _done(self, subscription: Subscription) -> None:
        with self._changed:
            subscription._running = False
            now = self._now()
            if subscription._due <= now:
                subscription.missed += _move_on(subscription, now)
            self._changed.notify_all()


def _move_on(subscription: Subscription, now: float) -> int:
    """To the first deadline after now; how many it went past, which nobody makes up for."""
    before, seconds, origin = subscription._due, subscription.seconds, subscription._origin
    due = origin + ((now - origin) // seconds + 1) * seconds
    # Where they are so large that a rounded sum is not behind now.
    subscription._due = due if due > now else due + seconds
    return round((subscription._due - before) / seconds)


def _warn(text: str, *arguments: object, error: BaseException | None = None) -> None:
    try:
        logger().warning(text, *arguments, exc_info=error)
    except BaseException:
        # The fault of a logging handler is not the subscriber's, and nobody else's either.
        return


def _name_of(subscriber: Callable[..., object]) -> str:
    return str(getattr(subscriber, "__qualname__", type(subscriber).__qualname__))


# The process's own, made at the first use: eventlet breaks a Condition that there is when it patches a program. A dict,
# whose setdefault() decides without a lock whose clock it is where two threads come first.
_clocks: dict[str, Clock] = {}


def _clock() -> Clock:
    return _clocks.get("own") or _clocks.setdefault("own", Clock())


@overload
def every(
    source: None,
    seconds: float,
    subscriber: Callable[[], object],
    *,
    name: str = "",
    at_once: bool = False,
    in_children: bool = False,
) -> Subscription: ...
@overload
def every(
    source: Readable[T],
    seconds: float,
    subscriber: Callable[[T], object],
    *,
    name: str = "",
    at_once: bool = False,
    in_children: bool = False,
) -> Subscription: ...
def every(
    source: Readable[Any] | None,
    seconds: float,
    subscriber: Callable[..., object],
    *,
    name: str = "",
    at_once: bool = False,
    in_children: bool = False,
) -> Subscription:
    """Calls `subscriber(source.read())` every so many seconds, or `subscriber()` where the source is None.

    `seconds` is the interval, 0.001 to 31,622,400. The first call is at its next multiple on the monotonic clock; with
    `at_once` it is now, and the others follow from there. `name` is for log lines, by default the subscriber's. With
    `in_children` forked children go on with it, each for itself.

    Returns the subscription, which stop() ends without waiting out the interval. It goes on, and keeps the subscriber
    alive, until then. After the process's exit has begun, nobody is called.

    Raises ValueError or TypeError for a bad interval. Thread-safe.
    """
    return _clock().every(source, seconds, subscriber, name=name, at_once=at_once, in_children=in_children)


def _begin_afresh_in_child() -> None:
    for clock in _clocks.values():
        clock.begin_afresh_in_child()


def _close() -> None:
    for clock in _clocks.values():
        clock.close()


_lifecycle.when(_lifecycle.Event.FORKED, _lifecycle.Rank.CLOCK, _begin_afresh_in_child)
_lifecycle.when(_lifecycle.Event.EXIT, _lifecycle.Rank.CLOCK, _close)
