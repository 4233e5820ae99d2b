"""`toolvitals serve`: a metrics server of its own, which outlives the programs that send it records."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import urllib.request
from collections.abc import Iterator
from typing import Any

import click

import toolvitals
from toolvitals import _backend
from toolvitals.cli._notify import Notifier

__all__ = ["serve"]

_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
_HEALTH_TIMEOUT_S = 5.0


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
@click.option("--socket", "path", metavar="PATH", help="Take records over a Unix stream socket at this path.")
@click.option("--datagram-socket", "datagram_path", metavar="PATH", help="Take records over a Unix datagram socket.")
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
@click.option("--dir", "directory", metavar="FOLDER", help="The folder that the processes of the service share.")
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
    that share FOLDER. SIGTERM and SIGINT end the server, after it has taken in what was sent. Everything else is set by
    the environment, as for every process: METRICS_AUTH_TOKEN, METRICS_MAX_SERIES and so on.
    """
    settings = _settings(directory, host, json_port, prometheus_port)
    notifier = Notifier(os.environ)
    _use_all_descriptors()
    with _signals_blocked():
        endpoints = _start_endpoints(settings)
        try:
            ingest = _start_ingest(path, datagram_path, mode, labels)
        except BaseException:
            endpoints.stop()
            raise
        try:
            status = _describe(endpoints, path, datagram_path)
            click.echo("\n".join(status))
            notifier.ready("; ".join(status))
            _wait(notifier, endpoints)
        finally:
            notifier.stopping()
            _stop(ingest, endpoints)


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
def _signals_blocked() -> Iterator[None]:
    """Has the signals that end the server wait until they are asked for; no thread is interrupted by them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_endpoints(settings: dict[str, Any]) -> toolvitals.Endpoints:
    if not _backend.recording:
        raise CannotServe("metrics are off (PERFORMANCE_METRICS_ENABLED), or the extension cannot be loaded")
    try:
        return toolvitals.start(**settings)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise CannotServe(str(error)) from error


def _start_ingest(
    path: str | None, datagram_path: str | None, mode: int, labels: tuple[str, ...]
) -> _backend.core.Ingest | None:
    if path is None and datagram_path is None:
        return None
    try:
        return _backend.core.Ingest(socket=path, datagram_socket=datagram_path, mode=mode, labels=labels)
    except (OSError, ValueError) as error:
        raise CannotServe(error.strerror if isinstance(error, OSError) and error.strerror else str(error)) from error


def _describe(endpoints: toolvitals.Endpoints, path: str | None, datagram_path: str | None) -> list[str]:
    """What the server listens on, a line each."""
    found = {
        "Metrics for Prometheus": endpoints.prometheus_url,
        "Metrics as JSON": endpoints.json_url,
        "Records, as a stream": path,
        "Records, as datagrams": datagram_path,
    }
    return [f"{title}: {place}" for title, place in found.items() if place is not None]


def _wait(notifier: Notifier, endpoints: toolvitals.Endpoints) -> None:
    """Waits for a signal that ends the server; tells the watchdog meanwhile."""
    if notifier.watchdog_s is None:
        signal.sigwait(_SIGNALS)
        return
    while signal.sigtimedwait(_SIGNALS, notifier.watchdog_s / 2) is None:
        if _is_well(endpoints):
            notifier.alive()


def _is_well(endpoints: toolvitals.Endpoints) -> bool:
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


def _stop(ingest: _backend.core.Ingest | None, endpoints: toolvitals.Endpoints) -> None:
    """Takes in what was sent, then ends. A second signal ends the process at once."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    if ingest is not None:
        ingest.stop()
    endpoints.stop()


if __name__ == "__main__":
    serve()
