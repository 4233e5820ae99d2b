"""Writes a file so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
import stat

from toolvitals.cli._failure import Failure
from toolvitals.cli._words import printable

__all__ = ["write_file"]


def write_file(path: str, body: bytes) -> None:
    """Replaces what is at the path; its permissions stay, and a symbolic link keeps pointing. Failure on OSError.

    What is there and is no regular file, such as a device or a pipe, is written to instead of being replaced.
    """
    try:
        target = os.path.realpath(path)
        mode = os.stat(target).st_mode if os.path.lexists(target) else None
        if mode is None or stat.S_ISREG(mode):
            _replace(target, body, mode)
        else:
            with open(target, "wb") as file:
                file.write(body)
    except OSError as error:
        folder = os.path.dirname(os.path.realpath(path))
        why = error.strerror or str(error) if os.path.isdir(folder) else f"there is no folder {printable(folder)}"
        raise Failure(f"{printable(path)} cannot be written: {why}") from error


def _replace(target: str, body: bytes, mode: int | None) -> None:
    temporary = f"{target}.{os.getpid()}"
    # Exclusive, so that nobody who may write to the folder can have it follow a link; 0666 is cut by the umask.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with open(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
            file.write(body)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
