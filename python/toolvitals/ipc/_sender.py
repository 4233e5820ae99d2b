"""The thread that sends: one connection, tried again and again with growing pauses."""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections.abc import Callable

from toolvitals.ipc._mailbox import Mailbox

__all__ = ["Backoff", "Sender", "running"]

_logger = logging.getLogger("toolvitals.ipc")

# What is handed to the kernel at a time.
_BATCH_BYTES = 64 * 1024
# How long a send may wait for a server that does not read, before the thread looks whether it is to end.
_SEND_TIMEOUT_S = 0.2
# How long a thread may take to end after its deadline.
_GRACE_S = 5 * _SEND_TIMEOUT_S
# The longest time that a lock or a thread can be waited for, with some to spare.
_FOR_EVER_S = threading.TIMEOUT_MAX / 2

# Those whose thread runs: also of clients that nobody holds any more, and that have records to send.
running: set[Sender] = set()


class Backoff:
    """Pauses between attempts, in seconds: each twice as long as the one before, less up to a half by chance."""

    def __init__(
        self, first_s: float = 0.1, longest_s: float = 30.0, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self._next_s = first_s

    def next(self) -> float:
        """The pause after one more attempt that failed."""
        pause, self._next_s = self._next_s, min(2 * self._next_s, self._longest_s)
        return pause * (1 - 0.5 * self._chance())

    def reset(self) -> None:
        """An attempt did not fail."""
        self._next_s = self._first_s


class Sender:
    """Takes lines out of a mailbox and sends them, in their order, from a daemon thread of its own.

    A line is sent when the kernel has taken all of it. One that a broken connection cut off is sent again as a whole:
    the server takes no line that has no end. Thread-safe.
    """

    def __init__(self, path: str, mailbox: Mailbox, backoff: Backoff, exit_timeout_s: float) -> None:
        self._path = path
        self._mailbox = mailbox
        self._backoff = backoff
        self._exit_timeout_s = exit_timeout_s
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._deadline = 0.0
        self._socket: socket.socket | None = None
        self._batch: list[bytes] = []
        self._rest = memoryview(b"")
        self._connections = 0
        self._warned = False

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known: that it broke is found out by sending."""
        return self._socket is not None

    @property
    def reconnects(self) -> int:
        """Connections after the first."""
        return max(0, self._connections - 1)

    @property
    def started(self) -> bool:
        """Whether the thread was started."""
        return self._thread is not None

    def start(self) -> None:
        """Starts the thread, once. Where there can be none, as the interpreter ends, the next call tries again."""
        if not self._lock.acquire(blocking=False):
            return  # Another thread, or this very one under a signal handler, is starting it.
        try:
            if self._thread is None and not self._closing:
                thread = threading.Thread(target=self._run, name="toolvitals-ipc", daemon=True)
                running.add(self)
                thread.start()
                self._thread = thread
        except RuntimeError as error:
            running.discard(self)
            _logger.debug("the sender's thread cannot be started: %s", error)
        finally:
            self._lock.release()

    def close(self, timeout_s: float) -> None:
        """Ends the thread, after it has sent what it can within so many seconds; the rest is dropped. Idempotent."""
        self._ask_to_end(timeout_s)
        thread = self._thread
        if thread is None:
            self._send_without_thread()
        elif thread is not threading.current_thread():
            thread.join(max(0.0, self._deadline - time.monotonic()) + _GRACE_S)
        self._mailbox.close()

    def abandon(self) -> None:
        """Nobody records any more: the thread sends what it can in the time of an exit, and ends. Does not wait."""
        self._ask_to_end(self._exit_timeout_s)
        if self._thread is None:
            self._mailbox.close()

    def begin_exit(self) -> None:
        """The process ends: as close() with the time for that, without waiting. finish_exit() waits."""
        self._ask_to_end(self._exit_timeout_s)

    def finish_exit(self) -> None:
        """As close(), within the time that begin_exit() began."""
        self.close(self._exit_timeout_s)

    def close_inherited(self) -> None:
        """In the child of a fork, which has no such thread: closes the child's copy of the connection."""
        if self._socket is not None:
            self._socket.close()

    def _ask_to_end(self, timeout_s: float) -> None:
        if not self._closing:
            self._deadline = time.monotonic() + min(timeout_s, _FOR_EVER_S)
            self._closing = True
        self._mailbox.wake()

    def _send_without_thread(self) -> None:
        """What a thread would do that could not be started, because the interpreter was about to end."""
        # A signal handler may have interrupted the very thread that has the lock.
        if self._lock.acquire(timeout=max(0.0, self._deadline - time.monotonic())):
            try:
                if self._thread is None:
                    self._run()
            finally:
                self._lock.release()

    def _run(self) -> None:
        try:
            while self._step():
                pass
        finally:
            self._disconnect()
            self._mailbox.close()
            running.discard(self)

    def _step(self) -> bool:
        """Does the next thing; False where there is nothing more to do."""
        if self._closing and time.monotonic() >= self._deadline:
            return False
        if not self._batch and not self._take():
            if self._closing:
                return False
            self._mailbox.wait(None)
        elif self._socket is None and not self._connect():
            if self._closing:
                return False
            self._mailbox.wait(self._backoff.next())
        else:
            self._send_some()
        return True

    def _take(self) -> bool:
        self._batch = self._mailbox.take(_BATCH_BYTES)
        self._rest = memoryview(b"".join(self._batch))
        return bool(self._batch)

    def _connect(self) -> bool:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_SEND_TIMEOUT_S)
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            self._warn_once(error)
            return False
        self._socket = connection
        self._connections += 1
        # Whatever of the batch went with another connection, the lines that were not sent begin anew.
        self._rest = memoryview(b"".join(self._batch))
        return True

    def _send_some(self) -> None:
        assert self._socket is not None
        try:
            sent = self._socket.send(self._rest, getattr(socket, "MSG_NOSIGNAL", 0))
        except TimeoutError:
            return  # The server does not read at the moment.
        except OSError as error:
            self._disconnect()
            self._warn_once(error)
            return
        self._backoff.reset()
        self._warned = False
        self._rest = self._rest[sent:]
        self._settle()

    def _settle(self) -> None:
        """Tells the mailbox which lines of the batch are sent, and forgets them."""
        unsent = len(self._rest)
        done = len(self._batch)
        while unsent > 0:
            # What is left to send is the end of the batch, from its line `done` or somewhere within it.
            done -= 1
            unsent -= len(self._batch[done])
        if done:
            self._mailbox.mark_sent(self._batch[:done])
            del self._batch[:done]

    def _disconnect(self) -> None:
        if self._socket is not None:
            connection, self._socket = self._socket, None
            connection.close()

    def _warn_once(self, error: OSError) -> None:
        """Once, until something was sent again."""
        if not self._warned:
            self._warned = True
            _logger.warning("the metrics server at %s is away (%s); records are queued", self._path, error)
