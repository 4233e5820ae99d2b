"""The process itself, and with it the service that it is one of."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from toolvitals.snapshot import Snapshot, empty, made_of
from toolvitals.sources._source import Format, Observation, check_format, now

__all__ = ["ThisProcess", "snapshot_of_parts"]


def snapshot_of_parts(core: Any, read: tuple[Any, ...]) -> Snapshot:
    """The snapshot of what the core read. Tools and families it makes when somebody looks at one."""
    taken_us, created_s, uptime_s, namespace, tools, caches, families, *rest = read
    return made_of(
        taken_us,
        created_s,
        uptime_s,
        namespace,
        partial(core.snapshot_tools, tools),
        caches,
        partial(core.snapshot_families, families),
        *rest,
    )


class ThisProcess:
    """What this process records, and all processes that share its directory or were forked from it.

    Using it makes the process one of its service, as recording does. Where metrics are off, everything is empty.
    Percentiles are selected without the GIL. Thread-safe.
    """

    title = "this process"

    def __init__(self) -> None:
        # Here and no sooner: who imports the sources to look at others is to stay none of the service.
        from toolvitals import _backend

        self._core = _backend.core
        self._recording = _backend.recording

    def read(self) -> Snapshot:
        """A snapshot."""
        if not self._recording:
            return empty(self._core.__version__)
        return snapshot_of_parts(self._core, self._core.read_snapshot())

    def observe(self) -> Observation:
        """A snapshot with what is known of how it was taken."""
        asked_at = now()
        return Observation(self.read(), asked_at, now())

    def render(self, format: Format, names: Collection[str] = ()) -> bytes:  # noqa: A002 (its name everywhere)
        """An exposition, of the families of these names where there are any; see `Source`."""
        check_format(format)
        return self._core.render(format, list(names))
