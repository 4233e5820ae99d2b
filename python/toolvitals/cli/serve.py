"""`toolvitals serve`: a metrics server of its own, which outlives the programs that send it records."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import urllib.request
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

import click

from toolvitals.cli._notify import Notifier
from toolvitals.cli._options import PathText
from toolvitals.cli._output import OutputError, say

if TYPE_CHECKING:
    from toolvitals._core import Ingest
    from toolvitals.endpoints import Endpoints

__all__ = ["serve"]

_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_HEALTH_TIMEOUT_S = 5.0
# How long what native threads noted may wait to be told.
_NOTICE_S = 10.0


class CannotServe(click.ClickException):
    """The server cannot start; the message names what is in its way."""

    exit_code = 2


def _to_mode(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """Permissions as chmod takes them: 600, 0660."""
    digits = value.removeprefix("0o")
    if not 3 <= len(digits) <= 4 or set(digits) - set("01234567") or int(digits, 8) > 0o777:
        raise click.BadParameter(f"{value!r} must be permissions in octal, 000 to 777", context, parameter)
    return int(digits, 8)


_PORT = click.IntRange(0, 65535)


@click.command()
@click.option(
    "--socket", "path", type=PathText(), metavar="PATH", help="Take records over a Unix stream socket at this path."
)
@click.option(
    "--datagram-socket",
    "datagram_path",
    type=PathText(),
    metavar="PATH",
    help="Take records over a Unix datagram socket.",
)
@click.option(
    "--socket-mode",
    "mode",
    metavar="MODE",
    default="600",
    show_default=True,
    callback=_to_mode,
    help="Who may use the sockets, in octal.",
)
@click.option("--label", "labels", metavar="NAME", multiple=True, help="Give the metrics this label of operations.")
@click.option(
    "--dir", "directory", type=PathText(), metavar="FOLDER", help="The folder that the processes of the service share."
)
@click.option("--host", metavar="HOST", help="The address to listen on.  [default: METRICS_HOST, else 127.0.0.1]")
@click.option("--json-port", type=_PORT, help="Serve JSON on this port; 0 is any free one.  [default: not at all]")
@click.option("--prometheus-port", type=_PORT, default=8090, show_default=True, help="Serve Prometheus on this port.")
def serve(
    path: str | None,
    datagram_path: str | None,
    mode: int,
    labels: tuple[str, ...],
    directory: str | None,
    host: str | None,
    json_port: int | None,
    prometheus_port: int,
) -> None:
    """Run a metrics server that takes records from programs in any language.

    Records are lines of JSON over a Unix socket; the metrics are served over HTTP, together with those of the processes
    that share FOLDER. SIGTERM, SIGINT and SIGHUP end the server, after it has taken in what was sent. Everything else
    is set by the environment, as for every process: METRICS_AUTH_TOKEN, METRICS_MAX_SERIES and so on.
    """
    settings = _settings(_folder(directory, os.environ), host, json_port, prometheus_port)
    notifier = Notifier(os.environ)
    _use_all_descriptors()
    with _signals_blocked() as signals:
        endpoints = _start_endpoints(settings)
        try:
            ingest = _start_ingest(path, datagram_path, mode, labels)
        except BaseException:
            endpoints.stop()
            raise
        try:
            status = _describe(endpoints, path, datagram_path)
            _say(status)
            notifier.ready("; ".join(status))
            _wait(signals, notifier, endpoints)
        finally:
            notifier.stopping()
            _stop(signals, ingest, endpoints)


def _folder(directory: str | None, environ: MutableMapping[str, str]) -> str | None:
    """The folder to share: that of the option, else that of the environment.

    It is taken out of the environment, for the process joins it when it starts to serve, and no other one before.
    """
    inherited = environ.pop("TOOLVITALS_DIR", None)
    return directory or inherited or None


def _settings(directory: str | None, host: str | None, json_port: int | None, prometheus_port: int) -> dict[str, Any]:
    """The arguments of toolvitals.start(). What was not asked for is left to the environment."""
    asked = {"json_port": json_port, "host": host, "dir": directory}
    return {
        "prometheus_enabled": True,
        "prometheus_port": prometheus_port,
        "json_endpoint_enabled": json_port is not None,
        **{name: value for name, value in asked.items() if value is not None},
    }


def _use_all_descriptors() -> None:
    """Raises the limit of open files as far as it goes: the process has nothing to do but to hold connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def _signals_blocked() -> Iterator[frozenset[signal.Signals]]:
    """Has the signals that end the server wait until they are asked for; no thread is interrupted by them.

    Gives those signals. One that was ignored when the process began, as nohup has it of SIGHUP, stays ignored.
    """
    signals = frozenset(number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield signals
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_endpoints(settings: dict[str, Any]) -> Endpoints:
    # What records is imported here and no sooner: asking for help makes a process none of the service.
    from toolvitals import _backend
    from toolvitals.endpoints import start

    if not _backend.recording:
        raise CannotServe("metrics are off (PERFORMANCE_METRICS_ENABLED), or the extension cannot be loaded")
    try:
        return start(**settings)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise CannotServe(_words_of(error)) from error


def _start_ingest(path: str | None, datagram_path: str | None, mode: int, labels: tuple[str, ...]) -> Ingest | None:
    from toolvitals._backend import core

    if path is None and datagram_path is None:
        return None
    try:
        return core.Ingest(socket=path, datagram_socket=datagram_path, mode=mode, labels=labels)
    except (OSError, ValueError) as error:
        raise CannotServe(_words_of(error)) from error


def _words_of(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _describe(endpoints: Endpoints, path: str | None, datagram_path: str | None) -> list[str]:
    """What the server listens on, a line each."""
    if path is None and datagram_path is None:
        records = "none are taken; --socket or --datagram-socket says where to send them"
    else:
        records = None
    found = {
        "Metrics for Prometheus": endpoints.prometheus_url,
        "Metrics as JSON": endpoints.json_url,
        "Records, as a stream": path,
        "Records, as datagrams": datagram_path,
        "Records": records,
    }
    return [f"{title}: {place}" for title, place in found.items() if place is not None]


def _say(status: list[str]) -> None:
    """Prints what the server listens on. Where nobody takes that down, the server serves all the same."""
    try:
        say("\n".join(status))
    except OutputError as failure:
        print(f"Warning: {failure}; the server runs. {'; '.join(status)}", file=sys.stderr)


def _wait(signals: frozenset[signal.Signals], notifier: Notifier, endpoints: Endpoints) -> None:
    """Waits for a signal that ends the server; tells the watchdog, and what the native threads noted, meanwhile."""
    from toolvitals._backend import core

    watchdog_s = notifier.watchdog_s
    period_s = _NOTICE_S if watchdog_s is None else min(_NOTICE_S, watchdog_s / 2)
    while signal.sigtimedwait(signals, period_s) is None:
        core.tell_folds()
        if watchdog_s is not None and _is_well(endpoints):
            notifier.alive()


def _is_well(endpoints: Endpoints) -> bool:
    """Whether the native thread answers; that this one runs says nothing about it."""
    url = endpoints.prometheus_url
    if url is None:
        return False
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url.removesuffix("/metrics") + "/health", timeout=_HEALTH_TIMEOUT_S) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _stop(signals: frozenset[signal.Signals], ingest: Ingest | None, endpoints: Endpoints) -> None:
    """Takes in what was sent, then ends. A second signal ends the process at once."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    if ingest is not None:
        ingest.stop()
    endpoints.stop()
