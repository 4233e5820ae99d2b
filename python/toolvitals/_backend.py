"""Chooses what records: the extension, or the no-op where it is switched off or cannot be loaded."""

from __future__ import annotations

import errno
import importlib
import os
import warnings
from typing import TYPE_CHECKING

from toolvitals import _notices
from toolvitals._late import logger
from toolvitals.settings import Settings

if TYPE_CHECKING:
    from toolvitals import _core as core

__all__ = ["apply", "core", "enabled", "keep_to_itself", "recording", "strict", "switched_off"]


def _refuse_subinterpreters() -> None:
    """Raises ImportError in a subinterpreter: the extension's state is the process's, and so is its use of the GIL."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            interpreters = importlib.import_module(name)
        except ImportError:
            continue
        if interpreters.get_current() != interpreters.get_main():
            raise ImportError("toolvitals._core works in the main interpreter only")
        return


def _load():  # type: ignore[no-untyped-def]
    if not _at_import.enabled:
        return importlib.import_module("toolvitals._noop")
    try:
        _refuse_subinterpreters()
        from toolvitals import _core
    except Exception as error:
        warnings.warn(
            f"toolvitals records nothing: its extension toolvitals._core cannot be loaded ({error})",
            RuntimeWarning,
            stacklevel=2,
        )
        return importlib.import_module("toolvitals._noop")
    return _core


def enabled() -> bool:
    """Whether decorators record."""
    return recording and _applied.enabled


def strict() -> bool:
    """Whether bad records raise."""
    return _applied.strict


def apply(settings: Settings) -> None:
    """Hands the settings to the core; ValueError or MemoryError where a live store cannot take them, OSError for a bad
    directory."""
    global _applied
    core.configure(**settings.of_core())
    if recording:
        core.refresh_crew.set_interval(settings.refresh_interval_s)
        core.refresh_crew.set_deadline(settings.refresh_deadline_s)
    if settings.dir is not None and settings.enabled and settings.dir != _left:
        _share(settings.dir)
    _applied = settings


def keep_to_itself() -> None:
    """Has this process leave the directory that it shares, for good. OSError where memory is short."""
    global _left
    if core.shared_directory() is not None:
        core.leave()
    _left = _at_import.dir


def _share(path: str) -> None:
    try:
        core.share(path)
        _say_private_folder(path)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        # A full disk is no reason for a service not to begin.
        warnings.warn(
            f"toolvitals keeps the metrics of this process to itself: {error.strerror}", RuntimeWarning, stacklevel=4
        )


def _say_private_folder(path: str) -> None:
    global _said_folder
    folder = core.shared_directory()
    if folder is not None and folder != path and folder != _said_folder:
        _said_folder = folder
        logger().warning("toolvitals shares metrics in '%s', because others can write to '%s'", folder, path)


# An import never fails over a setting: bad values count as their defaults here, and start() complains about them.
_at_import = Settings.tolerant(os.environ)
_applied = _at_import
# The directory that testing.isolated() left, and the private folder that was told of.
_left: str | None = None
_said_folder: str | None = None
if not TYPE_CHECKING:
    core = _load()

# False where every call is a no-op, for whatever reason; switched_off where the reason is the environment.
recording = core.__name__ == "toolvitals._core"
switched_off = not _at_import.enabled

try:
    apply(_at_import)
except OSError as error:
    logger().warning("toolvitals keeps the metrics of this process to itself: %s", error.strerror)
except (ValueError, MemoryError, RuntimeError) as error:
    logger().warning("toolvitals keeps its default settings: %s", error)
core.set_drop_logger(_notices.log_drop)
core.set_fold_logger(_notices.log_fold)
