"""The bounded queue between those who record and the thread that sends, and its account."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue

__all__ = ["Account", "Mailbox"]


@dataclass(frozen=True)
class Account:
    """One instant of a mailbox: recorded = sent + queued + the sum of dropped."""

    recorded: int
    sent: int
    queued: int
    dropped: dict[str, int]


class Mailbox:
    """Lines on their way to the sender, in the order they were recorded, bounded in number and in bytes.

    Recording takes a lock that is held for a few operations and never while waiting. The lock is re-entrant, because a
    signal handler or a destructor may record while its own thread is in here; what such a record brings is set aside
    and taken in by whoever is, or comes, in here next. Thread-safe.
    """

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._busy = False
        self._aside: deque[tuple[bytes, str]] = deque()
        self._lines: deque[bytes] = deque()
        self._in_flight = 0
        self._bytes = 0
        self._recorded = 0
        self._sent = 0
        self._dropped: dict[str, int] = {}
        self._closed = False
        self._asleep = False
        # A queue whose put() may be called anywhere, which an Event's set() may not.
        self._wakeups: SimpleQueue[None] = SimpleQueue()
        self._waiters: list[tuple[int, threading.Event]] = []

    def put(self, line: bytes) -> str:
        """Takes a line in; why it was dropped, or an empty text."""
        return self._enter(line, "")

    def reject(self, reason: str) -> str:
        """Counts a record that never became a line as dropped."""
        return self._enter(b"", reason)

    def take(self, max_bytes: int) -> list[bytes]:
        """For the sender: the next lines, one at least where there is one. They count as queued until they are sent."""
        taken: list[bytes] = []
        with self._alone():
            size = 0
            while self._lines and (not taken or size + len(self._lines[0]) <= max_bytes):
                size += len(self._lines[0])
                taken.append(self._lines.popleft())
            self._in_flight += len(taken)
            self._asleep = not taken
        return taken

    def mark_sent(self, lines: list[bytes]) -> None:
        """For the sender: lines that it took are sent. Too late after close(), which has counted them as dropped."""
        with self._alone():
            if self._closed:
                return
            self._in_flight -= len(lines)
            self._sent += len(lines)
            self._bytes -= sum(map(len, lines))
            for target, event in self._waiters:
                if self._sent >= target:
                    event.set()

    def wait(self, timeout_s: float | None) -> None:
        """For the sender: waits until there is something to take, or wake() is called."""
        try:
            self._wakeups.get(timeout=timeout_s)
        except Empty:
            return

    def wake(self) -> None:
        """Ends a wait() of the sender, this one or the next."""
        self._wakeups.put(None)

    def wait_until_sent(self, timeout_s: float | None) -> bool:
        """Waits until all that was recorded so far is sent; False where that takes too long, or can never be."""
        event = threading.Event()
        with self._alone():
            target = self._sent + self._in_flight + len(self._lines)
            if self._sent >= target:
                return True
            if self._closed:
                return False
            waiter = (target, event)
            self._waiters.append(waiter)
        self.wake()
        event.wait(None if timeout_s is None else min(timeout_s, threading.TIMEOUT_MAX))
        with self._alone():
            self._waiters.remove(waiter)
            return self._sent >= target

    def close(self) -> None:
        """Drops what is queued, and whatever comes from now on. Idempotent."""
        with self._alone():
            self._closed = True
            self._drop_queued()
            for _, event in self._waiters:
                event.set()

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._closed

    def account(self) -> Account:
        """All numbers of one instant."""
        with self._alone():
            return Account(self._recorded, self._sent, self._in_flight + len(self._lines), dict(self._dropped))

    def _enter(self, line: bytes, reason: str) -> str:
        with self._lock:
            if self._busy:
                self._aside.append((line, reason))
                self.wake()
                return ""
            self._busy = True
            try:
                outcome = self._admit(line, reason)
                self._take_in_aside()
            finally:
                self._busy = False
            return outcome

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock:
            nested, self._busy = self._busy, True
            try:
                if not nested:
                    self._take_in_aside()
                yield
            finally:
                if not nested:
                    self._take_in_aside()
                    self._busy = False

    def _drop_queued(self) -> None:
        left = self._in_flight + len(self._lines)
        if left:
            self._dropped["closed"] = self._dropped.get("closed", 0) + left
        self._lines.clear()
        self._in_flight = self._bytes = 0

    def _take_in_aside(self) -> None:
        while self._aside:
            self._admit(*self._aside.popleft())

    def _admit(self, line: bytes, reason: str) -> str:
        self._recorded += 1
        if not reason:
            if self._closed:
                reason = "closed"
            elif self._in_flight + len(self._lines) >= self._max_records or self._bytes + len(line) > self._max_bytes:
                reason = "full"
        if reason:
            self._dropped[reason] = self._dropped.get(reason, 0) + 1
            return reason
        self._lines.append(line)
        self._bytes += len(line)
        if self._closed:
            # By a signal handler, a moment ago.
            self._drop_queued()
        elif self._asleep:
            self._asleep = False
            self.wake()
        return ""
