"""Where metrics are read from: an endpoint, or the folder that the processes of a service share."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import stat
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, Protocol

from toolvitals.cli._failure import Failure, NotReached
from toolvitals.cli._http import Endpoint
from toolvitals.cli._words import printable
from toolvitals.settings import Settings

__all__ = [
    "DEFAULT_TIMEOUT_S",
    "DEFAULT_URL",
    "DirectorySource",
    "EndpointSource",
    "Reading",
    "Segment",
    "Source",
    "choose",
    "parse_document",
]

DEFAULT_URL = "http://127.0.0.1:9109"
DEFAULT_TIMEOUT_S = 5.0
SCHEMA_VERSION = 1

_ACCEPT = {
    "json": "application/json",
    "prometheus": "text/plain; version=0.0.4",
    "openmetrics": "application/openmetrics-text; version=1.0.0",
}
# What a document cannot do without, so that nothing after this has to ask.
_OBJECTS = ("tools", "caches", "metrics", "system", "toolvitals")


@dataclasses.dataclass(frozen=True)
class Segment:
    """One file of a folder. `state` is live, dead, retired, foreign or refused; `reason` says why, where there is one.

    `created_unix` is in seconds; `bytes` is the size of the file.
    """

    name: str = ""
    pid: int = 0
    state: str = "foreign"
    reason: str | None = None
    layout_version: int | None = None
    bytes: int = 0
    created_unix: float = 0.0
    version: str | None = None


@dataclasses.dataclass(frozen=True)
class Reading:
    """What one look found: the JSON document, and when this machine asked for it and had it.

    `date` is what the server's clock said, by its `Date` header. `segments` and `retired_processes` are those of a
    folder; there are none of an endpoint.
    """

    document: Mapping[str, Any]
    asked_at: datetime
    answered_at: datetime
    date: datetime | None = None
    segments: tuple[Segment, ...] | None = None
    retired_processes: int = 0

    @property
    def of_folder(self) -> bool:
        """Whether it is merged from the files of a folder, by this process, which is none of the service."""
        return self.segments is not None


class Source(Protocol):
    """Something to read metrics from.

    `title` is what is looked at, for a heading; `read()` makes a fresh snapshot; `body()` a fresh exposition, json,
    prometheus or openmetrics. Both raise Failure where that is not possible, NotReached where that is the service's.
    """

    @property
    def title(self) -> str: ...
    def read(self) -> Reading: ...
    def body(self, format_: str) -> bytes: ...


class EndpointSource:
    """An endpoint that `tv.start()` opened. Not thread-safe."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.title = endpoint.url

    def read(self) -> Reading:
        """A fresh snapshot; Failure where the endpoint is not reached, refuses, or is none of toolvitals."""
        asked_at = _now()
        body, date = self._endpoint.get("/metrics.json", _ACCEPT["json"])
        return Reading(parse_document(body, self.title), asked_at, _now(), date)

    def body(self, format_: str) -> bytes:
        """A fresh exposition, as the endpoint makes it; Failure as for read()."""
        route = "/metrics.json" if format_ == "json" else "/metrics"
        return self._endpoint.get(route, _ACCEPT[format_])[0]


class DirectorySource:
    """The folder that the processes of a service share. Needs no process of the service to run. Not thread-safe."""

    def __init__(self, path: str, read_directory: Callable[[str], Mapping[str, Any]] | None = None) -> None:
        """`read_directory` is the core's, unless another is given. Failure where the path is no folder, NotReached
        where there is none."""
        _check_folder(path)
        # In a directory that others can write to, the files are in a folder of this user's.
        located = locate(path)
        self.path = located if os.path.isdir(located) else path
        self.title = printable(self.path)
        self._read_directory = read_directory or _core_reader()

    def read(self) -> Reading:
        """A fresh snapshot, merged over all processes; Failure where the folder cannot be read."""
        asked_at = _now()
        found = self._found()
        document = parse_document(found["snapshot"], self.title)
        segments = tuple(map(_segment, found["segments"]))
        return Reading(document, asked_at, _now(), segments=segments, retired_processes=int(found["retired_processes"]))

    def body(self, format_: str) -> bytes:
        """A fresh exposition; Failure as for read(), and for openmetrics, which only endpoints make."""
        if format_ == "openmetrics":
            raise Failure("OpenMetrics is made by endpoints alone: use --url, or --format prometheus")
        body: bytes = self._found()["snapshot" if format_ == "json" else "prometheus"]
        return body

    def _found(self) -> Mapping[str, Any]:
        try:
            return self._read_directory(self.path)
        except (OSError, ValueError, RuntimeError) as error:
            raise NotReached(f"{self.title} cannot be read: {printable(_words_of(error))}") from error


def choose(
    url: str | None,
    directory: str | None,
    token: str | None,
    timeout_s: float | None,
    environ: Mapping[str, str],
) -> Source:
    """The source that the options ask for; else the folder of TOOLVITALS_DIR; else the JSON endpoint of this machine,
    at the port of METRICS_JSON_PORT.

    A token is that of the option, else of METRICS_AUTH_TOKEN. Failure for options that contradict each other, for a
    bad URL or token, and for what is no folder; NotReached for a folder that is not there.
    """
    if url is not None and directory is not None:
        raise Failure("--url and --dir are two sources: give one of them")
    if url is None and directory is None:
        directory = environ.get("TOOLVITALS_DIR") or None
    if directory is None:
        token = environ.get("METRICS_AUTH_TOKEN", "") if token is None else token
        url = _default_url(environ) if url is None else url
        return EndpointSource(Endpoint(url, token, DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s))
    for option, value in (("--token", token), ("--timeout", timeout_s)):
        if value is not None:
            raise Failure(f"{option} is for endpoints, and the source is the folder {printable(directory)}")
    return DirectorySource(directory)


def _default_url(environ: Mapping[str, str]) -> str:
    # Port 0 is any free one, and this environment does not say which.
    port = Settings.tolerant(environ).json_port
    return f"http://127.0.0.1:{port}" if port else DEFAULT_URL


_SEGMENT = tuple(field.name for field in dataclasses.fields(Segment))


def _segment(told: Mapping[str, Any]) -> Segment:
    """What the core tells of a file; what it cannot tell of this one is as it is by default."""
    return Segment(**{field: told[field] for field in _SEGMENT if told.get(field) is not None})


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _check_folder(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise Failure(f"{printable(path)} is not UTF-8: TOOLVITALS_DIR is the path of a folder") from error
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        parent = os.path.dirname(os.path.abspath(path))
        why = "" if os.path.isdir(parent) else f", and neither is {printable(parent)}"
        raise NotReached(f"{printable(path)} is not there{why}: --dir is the TOOLVITALS_DIR of a service") from error
    except (OSError, ValueError) as error:
        raise NotReached(f"{printable(path)} cannot be looked at: {_words_of(error)}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise Failure(f"{printable(path)} is no folder: --dir is the TOOLVITALS_DIR of a service")


def _words_of(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def locate(path: str) -> str:
    """The folder that the files of a shared directory are in, by the core's rule; the path where there is no core."""
    try:
        found: str = importlib.import_module("toolvitals._core").locate_directory(path)
    except (ImportError, AttributeError):
        return path
    return found


def _core_reader() -> Callable[[str], Mapping[str, Any]]:
    """The core's reader of folders. The core alone is loaded, so that this process becomes none of the service."""
    try:
        core = importlib.import_module("toolvitals._core")
        reader: Callable[[str], Mapping[str, Any]] = core.read_directory
    except (ImportError, AttributeError) as error:
        raise Failure(f"this installation of toolvitals cannot read folders ({error}): use --url") from error
    if "toolvitals._backend" not in sys.modules:
        _configure(core, Settings.tolerant(os.environ))
    return reader


def _configure(core: Any, settings: Settings) -> None:
    """Has metrics named and computed as the environment says, which is the service's where this is run beside it.

    The budgets are left as they are: nothing is recorded here.
    """
    budgets = Settings()
    try:
        core.configure(
            window_size=settings.window_size,
            quantile_method=settings.quantile_method,
            max_series=budgets.max_series,
            memory_limit_mb=budgets.memory_limit_mb,
            namespace=settings.namespace,
            window_label=settings.window_label,
            strict=False,
        )
    except (ValueError, MemoryError, RuntimeError) as error:
        raise Failure(f"the settings of this environment cannot be taken on: {_words_of(error)}") from error


def parse_document(body: bytes, title: str) -> dict[str, Any]:
    """The document of a body; NotReached where it is none that this command knows."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotReached(f"{title} answered with what is no JSON: is it an endpoint of toolvitals?") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise NotReached(f"{title} answered with JSON that is not toolvitals': is it an endpoint of toolvitals?")
    if version != SCHEMA_VERSION:
        raise NotReached(f"{title} has documents of schema {version}, and this command reads schema {SCHEMA_VERSION}")
    if not all(isinstance(document.get(key), dict) for key in _OBJECTS) or not all(
        isinstance(one, dict) for key in ("tools", "caches", "metrics") for one in document[key].values()
    ):
        raise NotReached(f"{title} answered with a document that is incomplete")
    return dict(document)
