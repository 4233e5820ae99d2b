"""The directory that the processes of a service share."""

from __future__ import annotations

import dataclasses
import importlib
import os
import stat
import sys
from collections.abc import Collection, Mapping
from typing import Any

from toolvitals.settings import Settings
from toolvitals.snapshot import Snapshot
from toolvitals.sources._source import Format, NotReachedError, Observation, Segment, SourceError, check_format, now
from toolvitals.sources._this_process import snapshot_of_parts
from toolvitals.sources.text import printable

__all__ = ["Directory", "locate"]

_SEGMENT = tuple(field.name for field in dataclasses.fields(Segment))


class Directory:
    """The TOOLVITALS_DIR of a service, read by a process that is none of it; none of the service's needs to run.

    Metrics are named and computed as this environment says (METRICS_NAMESPACE, METRICS_QUANTILE_METHOD). What only the
    service's processes have, custom collectors and gauges' functions, is not there. Nothing is changed. Thread-safe.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """ValueError for what is no directory, NotReachedError for what is not there; SourceError where this
        installation has no core that could read it."""
        path = os.fspath(path)
        _check_folder(path)
        # In a directory that others can write to, the files are in a folder of this user's.
        located = locate(path)
        self.path = located if os.path.isdir(located) else path
        self.title = printable(self.path)
        self._core = _core()

    def read(self) -> Snapshot:
        """A snapshot, put together from all processes."""
        return self.observe().snapshot

    def observe(self) -> Observation:
        """A snapshot with the files that it was taken from."""
        asked_at = now()
        parts, segments = self._ask(self._core.read_directory)
        snapshot = snapshot_of_parts(self._core, parts)
        return Observation(snapshot, asked_at, now(), segments=tuple(map(_segment, segments)))

    def render(self, format: Format, names: Collection[str] = ()) -> bytes:  # noqa: A002 (its name everywhere)
        """An exposition, of the families of these names where there are any; see `Source`."""
        check_format(format)
        body: bytes = self._ask(self._core.render_directory, format, list(names))
        return body

    def _ask(self, function: Any, *arguments: Any) -> Any:
        try:
            return function(self.path, *arguments)
        except (OSError, ValueError, RuntimeError) as error:
            raise NotReachedError(f"{self.title} cannot be read: {printable(_words_of(error))}") from error


def locate(path: str) -> str:
    """The folder that the files of a shared directory are in, by the core's rule; the path where there is no core."""
    try:
        found: str = importlib.import_module("toolvitals._core").locate_directory(path)
    except (ImportError, AttributeError):
        return path
    return found


def _segment(told: Mapping[str, Any]) -> Segment:
    return Segment(**{field: told[field] for field in _SEGMENT if told.get(field) is not None})


def _check_folder(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{printable(path)} is not UTF-8: a TOOLVITALS_DIR is the path of a folder") from error
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        parent = os.path.dirname(os.path.abspath(path))
        why = "" if os.path.isdir(parent) else f", and neither is {printable(parent)}"
        raise NotReachedError(
            f"{printable(path)} is not there{why}: it must be the TOOLVITALS_DIR of a service"
        ) from error
    except (OSError, ValueError) as error:
        raise NotReachedError(f"{printable(path)} cannot be looked at: {_words_of(error)}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise ValueError(f"{printable(path)} is no folder: it must be the TOOLVITALS_DIR of a service")


def _words_of(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _core() -> Any:
    """The core. It alone is loaded, so that this process becomes none of the service."""
    try:
        core = importlib.import_module("toolvitals._core")
        core.read_directory  # noqa: B018 (a core of another version may not have it)
    except (ImportError, AttributeError) as error:
        raise SourceError(f"this installation of toolvitals cannot read folders ({error}): read an endpoint") from error
    if "toolvitals._backend" not in sys.modules:
        _configure(core, Settings.tolerant(os.environ))
    return core


def _configure(core: Any, settings: Settings) -> None:
    """Has metrics named and computed as the environment says, which is the service's where this is run beside it.

    The budgets are left as they are: nothing is recorded here.
    """
    usual = Settings()
    taken_on = dataclasses.replace(
        settings, max_series=usual.max_series, memory_limit_mb=usual.memory_limit_mb, strict=False
    )
    try:
        core.configure(**taken_on.of_core())
    except (ValueError, MemoryError, RuntimeError) as error:
        raise SourceError(f"the settings of this environment cannot be taken on: {_words_of(error)}") from error
