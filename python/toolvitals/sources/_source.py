"""What all sources have in common: the protocol, what one look finds, and the ways in which it fails."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal, Protocol

from toolvitals.snapshot import Snapshot

__all__ = [
    "FORMATS",
    "Format",
    "NotAllowedError",
    "NotReachedError",
    "Observation",
    "Segment",
    "Source",
    "SourceError",
    "check_format",
    "now",
]

Format = Literal["json", "prometheus", "prometheus1", "openmetrics", "openmetrics2", "protobuf"]

# The expositions that there are, and what a request asks for to be given each.
FORMATS: dict[Format, str] = {
    "json": "application/json",
    "prometheus": "text/plain; version=0.0.4",
    "prometheus1": "text/plain; version=1.0.0",
    "openmetrics": "application/openmetrics-text; version=1.0.0",
    "openmetrics2": "application/openmetrics-text; version=2.0.0",
    "protobuf": "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
}


class SourceError(Exception):
    """Metrics could not be read. The message is a sentence that can be shown to people as it is."""


class NotReachedError(SourceError):
    """There was nothing to read from, or what was there is none of toolvitals."""


class NotAllowedError(SourceError):
    """An endpoint did not let the reader in: it wants a token, another one, or another `Host`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a directory that processes share.

    `state` is live, dead, retired, foreign or refused, `reason` why, where there is a reason. `created_unix` is Unix
    time in seconds, `bytes` the size of the file. What cannot be told of a file is as it is by default.
    """

    name: str = ""
    pid: int = 0
    state: str = "foreign"
    reason: str | None = None
    layout_version: int | None = None
    bytes: int = 0
    created_unix: float = 0.0
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """A snapshot, and what is known of how it was taken.

    `asked_at` and `answered_at` are by this machine's clock, `date` is what the server's said, by its `Date` header;
    `segments` are the files of a directory, None of other sources.
    """

    snapshot: Snapshot
    asked_at: datetime
    answered_at: datetime
    date: datetime | None = None
    segments: tuple[Segment, ...] | None = None

    @property
    def of_directory(self) -> bool:
        """Whether it is put together from files, by this process, which is none of the service."""
        return self.segments is not None


class Source(Protocol):
    """Something to read metrics from. Each method takes a fresh snapshot, and raises SourceError where it cannot."""

    @property
    def title(self) -> str:
        """What is read, for a heading."""
        ...

    def read(self) -> Snapshot:
        """A snapshot."""
        ...

    def observe(self) -> Observation:
        """A snapshot with what is known of how it was taken."""
        ...

    def render(self, format: Format, names: Collection[str] = ()) -> bytes:  # noqa: A002 (its name everywhere)
        """An exposition, as an endpoint makes it. With `names`, of all formats but JSON, the families alone that have
        one of them or a sample of that name. ValueError for an unknown format."""
        ...


def check_format(format_: str) -> None:
    """ValueError for one that there is not."""
    if format_ not in FORMATS:
        raise ValueError(f"format {format_!r} must be one of {', '.join(FORMATS)}")


def now() -> datetime:
    """By the clock of this machine, in UTC."""
    return datetime.now(timezone.utc)
