"""Client: records for a metrics server in another process."""

from __future__ import annotations

import logging
import os
import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from toolvitals import _lifecycle
from toolvitals.ipc._encoding import encode, label_texts, number, timestamp
from toolvitals.ipc._mailbox import Mailbox
from toolvitals.ipc._sender import Backoff, Sender, running
from toolvitals.ipc._tracking import Operation
from toolvitals.settings import Settings

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Client", "ClientStats"]

_logger = logging.getLogger("toolvitals.ipc")

# The kernel's limit for the path of a Unix socket.
_MAX_PATH_BYTES = 107
_MAX_EXIT_TIMEOUT_S = 86_400


@dataclass(frozen=True)
class ClientStats:
    """What became of a client's records; at every instant recorded = sent + dropped + queued.

    - `sent`: handed to the kernel as a whole. What a server that was killed had not read yet is among them.
    - `dropped`: by reason in `drops`: "full" (the queue), "bad" (a record that cannot be encoded), "closed" (left over,
      or recorded after close()).
    - `queued`: waiting, or on its way.
    - `reconnects`: connections after the first.
    - `connected`: whether there is a connection; that it broke is found out by sending.
    """

    recorded: int
    sent: int
    dropped: int
    queued: int
    reconnects: int
    connected: bool
    drops: Mapping[str, int]


class Client:
    """Sends records to `toolvitals serve` over the Unix stream socket at `path`.

    Recording encodes the record, takes a lock for a few operations and returns: it never waits for the server, does no
    input or output, and never raises over a bad record, so it is fit for event loops, signal handlers and destructors.
    A daemon thread, which the first record starts, connects and sends; while the server is away it tries again after
    pauses that grow from 0.1 s to 30 s. At most `max_queue` records and `max_queue_bytes` bytes wait; what comes on top
    is dropped and counted. With `strict`, which is TOOLVITALS_STRICT by default, a record that cannot be encoded raises
    TypeError or ValueError.

    At exit what is queued is sent, of all clients at the same time, for at most `exit_timeout_s` seconds (and one more
    for a send that has begun) and only where the server is there; also at the end of a worker of multiprocessing, and
    of a client that nobody holds any more. Lost is what is queued when the process ends by a signal that it does not
    handle or by `os._exit`, and what is recorded after that: close() or flush() comes first there. A forked child has a
    thread, a connection and a queue of its own, and counts from zero; what was queued is the parent's to send. Where
    PERFORMANCE_METRICS_ENABLED is false, nothing is recorded and nothing is started.

    ValueError or TypeError for a path that no socket can have, for limits below 1, and for an `exit_timeout_s` that is
    not 0 to 86,400. Thread-safe.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_queue: int = 10_000,
        max_queue_bytes: int = 16 * 1024 * 1024,
        strict: bool | None = None,
        exit_timeout_s: float = 1.0,
    ) -> None:
        self._path = os.fspath(path)
        if not 1 <= len(os.fsencode(self._path)) <= _MAX_PATH_BYTES or "\0" in self._path:
            raise ValueError(f"path {self._path!r} must have 1 to {_MAX_PATH_BYTES} bytes and no NUL")
        for name, limit in (("max_queue", max_queue), ("max_queue_bytes", max_queue_bytes)):
            if limit < 1:
                raise ValueError(f"{name}={limit} is not allowed: it must be at least 1")
        if not 0 <= exit_timeout_s <= _MAX_EXIT_TIMEOUT_S:
            raise ValueError(
                f"exit_timeout_s={exit_timeout_s} is not allowed: it must be 0 to {_MAX_EXIT_TIMEOUT_S} seconds"
            )
        self._max_queue = max_queue
        self._max_queue_bytes = max_queue_bytes
        self._strict = strict
        self._exit_timeout_s = exit_timeout_s
        self._warned: set[str] = set()
        self._begin()
        _clients.add(self)

    def operation(
        self,
        operation_type: str,
        *,
        success: bool = True,
        duration_ms: float | None = None,
        timestamp_start: datetime | None = None,
        timestamp_end: datetime | None = None,
        object_key: str | None = None,
        object_size: int | None = None,
        operation_id: str | None = None,
        error: str | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> None:
        """Records an operation: `operation_type` of 1 to 256 bytes, and how long it took.

        `duration_ms` is in milliseconds, not negative; where it is None, the time from `timestamp_start` to
        `timestamp_end` counts, which have time zones. `object_size` is in bytes, 0 to 2**53. `labels` are texts; "user"
        counts for active_users, others are labels of the metrics only where the server was told so. The rest is for
        readers of the lines. Thread-safe.
        """
        if not self._enabled:
            return
        try:
            if duration_ms is None and (timestamp_start is None or timestamp_end is None):
                raise ValueError("an operation needs duration_ms, or timestamp_start and timestamp_end")
            line = encode(
                {
                    "operation_id": operation_id,
                    "operation_type": operation_type,
                    "object_key": object_key,
                    "object_size": None if object_size is None else number(object_size),
                    "timestamp_start": timestamp(timestamp_start),
                    "timestamp_end": timestamp(timestamp_end),
                    "duration_ms": None if duration_ms is None else number(duration_ms),
                    "success": bool(success),
                    "error": error,
                    "labels": label_texts(labels),
                }
            )
        except Exception as failure:
            self._reject(failure)
        else:
            self._put(line)

    def counter(self, name: str, value: float = 1, labels: Mapping[str, Any] | None = None) -> None:
        """Adds a value, zero or more, to a counter. Values of labels become texts. Thread-safe."""
        self._value("counter", name, value, labels)

    def gauge(self, name: str, value: float, labels: Mapping[str, Any] | None = None) -> None:
        """Sets a gauge to a finite number. Values of labels become texts. Thread-safe."""
        self._value("gauge", name, value, labels)

    def observe(self, name: str, value: float, labels: Mapping[str, Any] | None = None) -> None:
        """Counts a finite number in a histogram. Values of labels become texts. Thread-safe."""
        self._value("observe", name, value, labels)

    def track_operation(
        self,
        operation_type: str,
        *,
        object_key: str | None = None,
        object_size: int | None = None,
        operation_id: str | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> Operation:
        """Records a block as an operation, or every call of a function that it decorates.

        `with client.track_operation("upload") as operation:`, `async with`, or `@client.track_operation("upload")` on a
        function or a coroutine function. The arguments are those of operation(). An exception makes it an error.
        """
        return Operation(
            self.operation,
            operation_type,
            object_key=object_key,
            object_size=object_size,
            operation_id=operation_id,
            labels=labels,
        )

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Waits until all that was recorded so far is sent, at most so many seconds; whether it is.

        Has the server tried at once, whatever the pause would be. Blocks: not for event loops and signal handlers.
        """
        return self._mailbox.wait_until_sent(timeout_s)

    def close(self, timeout_s: float = 1.0) -> None:
        """Sends what is queued, for at most so many seconds and only where the server is there; then ends the thread.

        What is left, and what is recorded from then on, is dropped and counted. Idempotent. Blocks as flush() does.
        """
        self._sender.close(timeout_s)

    def stats(self) -> ClientStats:
        """The numbers of one instant. Thread-safe."""
        account = self._mailbox.account()
        return ClientStats(
            recorded=account.recorded,
            sent=account.sent,
            dropped=sum(account.dropped.values()),
            queued=account.queued,
            reconnects=self._sender.reconnects,
            connected=self._sender.connected,
            drops=account.dropped,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<toolvitals.ipc.Client {self._path!r}>"

    def _begin(self) -> None:
        """Makes what belongs to one process."""
        self._enabled = Settings.tolerant(os.environ).enabled
        self._mailbox = Mailbox(self._max_queue, self._max_queue_bytes)
        self._sender = Sender(self._path, self._mailbox, Backoff(), self._exit_timeout_s)
        # The thread knows nothing of the client, so that one that nobody holds ends.
        self._finalizer = weakref.finalize(self, self._sender.abandon)
        self._finalizer.atexit = False

    def _value(self, kind: str, name: str, value: float, labels: Mapping[str, Any] | None) -> None:
        if not self._enabled:
            return
        try:
            line = encode({kind: name, "value": number(value), "labels": label_texts(labels)})
        except Exception as failure:
            self._reject(failure)
        else:
            self._put(line)

    def _put(self, line: bytes) -> None:
        reason = self._mailbox.put(line)
        if reason:
            self._warn_once(reason, "")
        if not self._sender.started:
            self._sender.start()

    def _reject(self, failure: Exception) -> None:
        self._mailbox.reject("bad")
        if _strict_by_default() if self._strict is None else self._strict:
            raise failure if isinstance(failure, (TypeError, ValueError)) else ValueError(str(failure)) from failure
        self._warn_once("bad", f": {type(failure).__name__}")

    def _warn_once(self, reason: str, detail: str) -> None:
        if reason not in self._warned:
            self._warned.add(reason)
            _logger.warning(
                "a record for %s was dropped (%s%s); further ones are only counted", self._path, reason, detail
            )

    def _begin_afresh_in_child(self) -> None:
        self._finalizer.detach()
        self._sender.close_inherited()
        closed = self._mailbox.closed
        self._begin()
        if closed:
            self._mailbox.close()


def _strict_by_default() -> bool:
    """What start() was told, where this process records too; who only sends is no process of a service of its own."""
    backend = sys.modules.get("toolvitals._backend")
    strict: bool = Settings.tolerant(os.environ).strict if backend is None else backend.strict()
    return strict


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _close_all_at_exit() -> None:
    senders = running | {client._sender for client in list(_clients)}
    for sender in senders:
        sender.begin_exit()
    for sender in senders:
        sender.finish_exit()


def _forget_after_fork() -> None:
    inherited = list(running)
    running.clear()
    for sender in inherited:
        sender.close_inherited()
    for client in list(_clients):
        client._begin_afresh_in_child()


_lifecycle.when(_lifecycle.Event.FORKED, _lifecycle.Rank.SENDERS, _forget_after_fork)
_lifecycle.when(_lifecycle.Event.EXIT, _lifecycle.Rank.SENDERS, _close_all_at_exit)
