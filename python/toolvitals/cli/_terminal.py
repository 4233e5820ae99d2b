"""The terminal that somebody sits at: keys as they are pressed, and everything as it was when it is left."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import termios
import tty
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["CLOSED", "RESIZED", "SUSPENDED", "Terminal", "suspend"]

# Events beside the keys, which are one character each.
CLOSED = "closed"
RESIZED = "resized"
SUSPENDED = "suspended"

# Arrows, function keys and keys with Alt are several bytes, and none of them is a key of ours.
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
_READ_BYTES = 64


class Terminal:
    """Keys from standard input without Enter and without echo, as a context manager; for the main thread.

    Where standard input is no terminal there are no keys. Ctrl-C raises KeyboardInterrupt; SIGTERM and SIGHUP raise
    SystemExit, so that the terminal is left as it was found.
    """

    def __init__(self) -> None:
        self._input = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
        self._attributes: list[Any] = []
        self._handlers: dict[signal.Signals, Any] = {}
        self._woken, self._wake = -1, -1
        self._old_wake = -1

    @property
    def has_keys(self) -> bool:
        """Whether there is somebody to press keys."""
        return self._input is not None

    def wait(self, seconds: float) -> list[str]:
        """What happened until now, or else the first things that happen within so many seconds; empty for nothing."""
        listened = [self._woken] + ([] if self._input is None else [self._input])
        ready, _, _ = select.select(listened, [], [], max(0.0, seconds))
        events = []
        if self._woken in ready:
            caught = set(os.read(self._woken, _READ_BYTES))
            events += [RESIZED] if signal.SIGWINCH in caught else []
            events += [SUSPENDED] if signal.SIGTSTP in caught else []
        if self._input is not None and self._input in ready:
            events += self._keys(self._input)
        return events

    def __enter__(self) -> Self:
        try:
            self._woken, self._wake = os.pipe()
            os.set_blocking(self._wake, False)
            self._old_wake = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
            for number in (signal.SIGWINCH, signal.SIGTSTP):
                self._handlers[number] = signal.signal(number, _nothing)
            for number in (signal.SIGTERM, signal.SIGHUP):
                self._handlers[number] = signal.signal(number, _end)
            self._listen_to_keys()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _listen_to_keys(self) -> None:
        if self._input is None:
            return
        try:
            self._attributes = termios.tcgetattr(self._input)
            tty.setcbreak(self._input)
        except termios.error:
            # The terminal is gone, and its signal is about to say so.
            self._input = None

    def _restore(self) -> None:
        if self._input is not None and self._attributes:
            # Where the terminal is gone, so is what could be restored.
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._input, termios.TCSADRAIN, self._attributes)
            self._attributes = []
        for number, handler in self._handlers.items():
            # None is a handler that was not set from Python; there is no way to set it again.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._handlers = {}
        if self._wake >= 0:
            signal.set_wakeup_fd(self._old_wake)
            os.close(self._woken)
            os.close(self._wake)
            self._woken, self._wake = -1, -1

    def _keys(self, descriptor: int) -> list[str]:
        try:
            pressed = os.read(descriptor, _READ_BYTES)
        except OSError:
            pressed = b""
        if not pressed:
            return [CLOSED]
        return [chr(byte) for byte in _SEQUENCE.sub(b"", pressed)]


def suspend() -> None:
    """Stops this process as Ctrl-Z does, until somebody continues it."""
    os.kill(os.getpid(), signal.SIGTSTP)


def _nothing(number: int, frame: FrameType | None) -> None:
    """The signal's number arrives through the pipe."""


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
