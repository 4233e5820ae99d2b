"""Which source the options of a command choose, and how its failures become the command's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from toolvitals.cli._failure import Failure, NotReached
from toolvitals.cli._words import printable
from toolvitals.settings import Settings
from toolvitals.sources import Directory, Endpoint, NotReachedError, Source, SourceError

__all__ = ["DEFAULT_TIMEOUT_S", "DEFAULT_URL", "choose", "failing"]

DEFAULT_URL = "http://127.0.0.1:9109"
DEFAULT_TIMEOUT_S = 5.0


@contextmanager
def failing() -> Iterator[None]:
    """A block in which a source may fail: NotReached where that is the service's, else Failure."""
    try:
        yield
    except NotReachedError as error:
        raise NotReached(str(error)) from error
    except (SourceError, ValueError) as error:
        raise Failure(str(error)) from error


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
        with failing():
            return Endpoint(url, token, DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s)
    for option, value in (("--token", token), ("--timeout", timeout_s)):
        if value is not None:
            raise Failure(f"{option} is for endpoints, and the source is the folder {printable(directory)}")
    with failing():
        return Directory(directory)


def _default_url(environ: Mapping[str, str]) -> str:
    # Port 0 is any free one, and this environment does not say which.
    port = Settings.tolerant(environ).json_port
    return f"http://127.0.0.1:{port}" if port else DEFAULT_URL
