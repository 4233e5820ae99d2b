"""Standard output and standard error of the command: whatever is wrong with them is a sentence and an exit code."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from collections.abc import Callable
from typing import Any, TextIO

import click

__all__ = ["OutputError", "run", "say"]

_INTERRUPTED = 130
_CLOSED_PIPE = 141
_UNWRITABLE = 2

# What the commands themselves write beyond ASCII, and a stand-in of the same width.
_STAND_INS = {"·": "-", "…": "~"}
_ERRORS = "toolvitals.stand_ins"


class OutputError(Exception):
    """Standard output takes no more. `by_reader` says that it is a pipe whose reader is gone.

    `exit_code` is then 141, as of a SIGPIPE, else 2. No OSError, so that neither click nor rich takes it for one of
    theirs.
    """

    def __init__(self, error: OSError) -> None:
        self.by_reader = error.errno == errno.EPIPE
        self.exit_code = _CLOSED_PIPE if self.by_reader else _UNWRITABLE
        if self.by_reader:
            super().__init__("the output was closed before all of it was written")
        elif error.errno == errno.EBADF:
            super().__init__("standard output is closed")
        else:
            super().__init__(f"standard output cannot be written: {error.strerror or error}")


class _Descriptor(io.FileIO):
    """A descriptor that raises OutputError once, and from then on takes everything in and forgets it."""

    def __init__(self, descriptor: int, raises: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._raises = raises
        self._failed = False

    def write(self, data: Any, /) -> int:
        if self._failed:
            return len(data)
        try:
            # None is a descriptor that was made non-blocking by somebody who has it as well.
            while (written := super().write(data)) is None:
                select.select([], [self], [])
        except OSError as error:
            self._failed = True
            if self._raises:
                raise OutputError(error) from error
            return len(data)
        return written


def run(command: click.Command) -> int:
    """Runs the command with the arguments of this process; the exit code. For the process's main thread, once.

    130 is for Ctrl-C. SystemExit with another code passes, for commands that end by a signal.
    """
    _open_standard_descriptors()
    sys.stdout = _stream(sys.stdout, 1, raises=True)
    sys.stderr = _stream(sys.stderr, 2, raises=False)
    try:
        return _flushed(lambda: command.main(prog_name="toolvitals", standalone_mode=False))
    except OutputError as failure:
        print(f"Error: {failure}", file=sys.stderr)
        return failure.exit_code
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return error.exit_code
    except click.Abort:
        print("Aborted!", file=sys.stderr)
        return _INTERRUPTED


def say(message: str | bytes, nl: bool = True) -> None:
    """Writes to standard output, at once; OutputError where that is not possible."""
    # Without a file, click writes UTF-8 where the terminal does not know it.
    click.echo(message, file=sys.stdout, nl=nl)


def _flushed(main: Callable[[], Any]) -> int:
    try:
        code = main()
    finally:
        sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _open_standard_descriptors() -> None:
    """Puts the null device in the place of those that are closed, so that no connection gets their numbers.

    Writing to standard output fails as before.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        if not _is_open(descriptor):
            # The lowest number that is free is the one that is closed.
            os.open(os.devnull, mode)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _stream(before: TextIO | None, descriptor: int, raises: bool) -> TextIO:
    """A stream in the place of `before`, with its encoding; what that cannot express is replaced or escaped."""
    encoding = "utf-8" if before is None else before.encoding
    raw = _Descriptor(descriptor, raises)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=_ERRORS, line_buffering=raw.isatty() or not raises
    )


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(_STAND_INS.get(c) or c.encode("ascii", "backslashreplace").decode() for c in found), error.end


codecs.register_error(_ERRORS, _stand_in)
