"""`start`, `stop` and the handle of running endpoints."""

from __future__ import annotations

import errno
import os
import threading
from types import TracebackType
from typing import Any

from toolvitals import _backend, _lifecycle
from toolvitals._backend import core
from toolvitals._late import logger
from toolvitals.settings import Settings

__all__ = ["Endpoints", "serving", "start", "stop"]

# What to connect to where an endpoint listens on every interface.
_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}

# Ports that on_port_in_use="next" tries.
_NEXT_PORTS = 100

# Re-entrant, because a signal handler may call stop() while its own thread is in start().
_lock = threading.RLock()
# importlib.reload() runs this module again in its own namespace; what runs goes on running.
_current: Endpoints | None = globals().get("_current")


class Endpoints:
    """The endpoints that `start()` opened; a context manager that stops them.

    `host` is the address asked for; `json_port` and `prometheus_port` are the ports bound, None for one that is off;
    `json_url` and `prometheus_url` are the addresses of their /metrics. After a fork they belong to the parent: in the
    child `running` is False and `start()` works anew; so it is where the program has closed their descriptors, as
    daemons do. Thread-safe.
    """

    def __init__(self, settings: Settings, server: core.Server | None) -> None:
        """For start() alone; None for a server is a handle that does not run."""
        self._settings = settings
        self._server = server
        self._pid = os.getpid()
        self.host = settings.host
        self.json_port = None if server is None else server.json_port
        self.prometheus_port = None if server is None else server.prometheus_port

    @property
    def json_url(self) -> str | None:
        """`http://host:port/metrics` of the JSON endpoint; None where it is off."""
        return self._url(self.json_port)

    @property
    def prometheus_url(self) -> str | None:
        """`http://host:port/metrics` of the Prometheus endpoint; None where it is off."""
        return self._url(self.prometheus_port)

    @property
    def running(self) -> bool:
        """Whether this process serves these endpoints now."""
        return self._server is not None and self._pid == os.getpid() and self._server.running

    def stop(self) -> None:
        """Closes the endpoints and waits for their thread to end. Idempotent; does nothing in a forked child."""
        global _current
        with _lock:
            if _current is self:
                _current = None
            server, self._server = self._server, None
            if server is not None and self._pid == os.getpid():
                server.stop()
                _lifecycle.happened(_lifecycle.Event.STOPPED)

    def __enter__(self) -> Endpoints:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        if not self.running:
            return "<toolvitals.Endpoints, not running>"
        urls = [url for url in (self.json_url, self.prometheus_url) if url is not None]
        return f"<toolvitals.Endpoints {' '.join(urls)}>"

    def _url(self, port: int | None) -> str | None:
        if port is None:
            return None
        host = self.host.strip("[]")
        host = _REACHABLE.get(host, host)
        return f"http://[{host}]:{port}/metrics" if ":" in host else f"http://{host}:{port}/metrics"

    def _difference(self, settings: Settings, asked: dict[str, Any]) -> str:
        """In what these endpoints are not what is asked for; empty where they are."""
        different = []
        for field in asked:
            wanted, have = getattr(settings, field), getattr(self._settings, field)
            # Who asks for the port that "any free port" turned out to be gets what they ask for.
            if wanted != have and not (field in ("json_port", "prometheus_port") and wanted == getattr(self, field)):
                different.append(
                    f"{field} is another" if field == "auth_token" else f"{field} is {have!r}, not {wanted!r}"
                )
        return "; ".join(different)


def start(**settings: Any) -> Endpoints:
    """Opens the endpoints that the environment and the arguments ask for, served by native threads.

    Arguments are the fields of `Settings`, and win over the environment: `enabled`, `window_size`, `quantile_method`,
    `json_endpoint_enabled`, `json_port`, `prometheus_enabled`, `prometheus_port`, `on_port_in_use`, `host`,
    `auth_token`, `namespace`, `window_label`, `max_series`, `memory_limit_mb`, `dir`, `strict`. A port 0 means any free
    port, and with on_port_in_use="next" a port in use the next that is free; see the handle for which.

    Returns the handle of the endpoints; one that does not run where nothing is to be served, or metrics are off. While
    endpoints run, another start() returns their handle, unless an argument asks for something else. They are stopped
    by `stop()`, by the handle, and at exit. With `enabled=False` nothing listens and what is decorated from then on is
    left alone; where the environment had switched metrics off at import, `enabled=True` comes too late and raises.

    Raises ValueError or TypeError for a bad setting (naming it, its value, the rule and the range), OSError for a port
    in use (naming it), RuntimeError as said above. Nothing is left half-started. Thread-safe.
    """
    global _current
    wanted = Settings.from_env(os.environ, **settings)
    with _lock:
        if _current is not None and _current.running:
            difference = _current._difference(wanted, settings)
            if difference:
                raise RuntimeError(
                    f"endpoints are running already, with other settings: {difference}; stop() them first"
                )
            return _current
        if _current is not None:
            # The program has closed what it listened with; its thread ends by itself.
            _current.stop()
        _check_enabled(wanted)
        _backend.apply(wanted)
        if not _serves(wanted):
            return Endpoints(wanted, None)
        core.install_gc_counters()
        core.found_family()
        _current = Endpoints(wanted, _serve(wanted))
        _say_other_ports(_current, wanted)
        _lifecycle.happened(_lifecycle.Event.STARTED)
        return _current


def stop() -> None:
    """Stops the endpoints that `start()` opened, if any, and waits for their thread to end. Thread-safe."""
    with _lock:
        if _current is not None:
            _current.stop()


def serving() -> bool:
    """Whether endpoints of this process run now. Thread-safe."""
    current = _current
    return current is not None and current.running


def _serves(settings: Settings) -> bool:
    return _backend.recording and settings.enabled and (settings.json_endpoint_enabled or settings.prometheus_enabled)


def _serve(settings: Settings) -> core.Server:
    try:
        return core.Server(
            host=settings.host,
            json_port=settings.json_port if settings.json_endpoint_enabled else None,
            prometheus_port=settings.prometheus_port if settings.prometheus_enabled else None,
            auth_token=settings.auth_token,
            share_ports=_sharers(settings),
            port_attempts=_NEXT_PORTS if settings.on_port_in_use == "next" else 1,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OSError(error.errno, f"{error.strerror}; {_ways_out(settings)}") from None
        raise


def _sharers(settings: Settings) -> str:
    """Who may listen on the same ports."""
    if settings.on_port_in_use == "share":
        return "user"
    # The workers of a service listen on one port, each for all of them.
    return "" if core.shared_directory() is None else "service"


def _ways_out(settings: Settings) -> str:
    """What to do about a port in use."""
    if settings.on_port_in_use == "share":
        return "whoever listens there does not share it: start every process with METRICS_ON_PORT_IN_USE=share"
    if core.shared_directory() is not None:
        return (
            f"no process of the service in {core.shared_directory()!r} listens there: set METRICS_JSON_PORT or "
            "PROMETHEUS_PORT to another port, or METRICS_ON_PORT_IN_USE=next"
        )
    return (
        "if another process of the same service listens there, set TOOLVITALS_DIR for all of them, and each answers "
        "for all; else set METRICS_JSON_PORT or PROMETHEUS_PORT to another port (0: any free one), or "
        "METRICS_ON_PORT_IN_USE=next"
    )


def _say_other_ports(endpoints: Endpoints, settings: Settings) -> None:
    for asked, bound in (
        (settings.json_port, endpoints.json_port),
        (settings.prometheus_port, endpoints.prometheus_port),
    ):
        if bound is not None and asked not in (0, bound):
            logger().warning("toolvitals listens on port %d, because port %d is in use", bound, asked)


def _check_enabled(settings: Settings) -> None:
    if settings.enabled and _backend.switched_off:
        raise RuntimeError(
            "PERFORMANCE_METRICS_ENABLED was false when toolvitals was imported, so what was decorated since is not "
            "recorded; set it to true before the import"
        )


def _forget_after_fork() -> None:
    """The parent's endpoints are not the child's, and the lock may have been held by a thread that is not there."""
    global _lock, _current
    _lock = threading.RLock()
    _current = None


_lifecycle.when(_lifecycle.Event.FORKED, _lifecycle.Rank.ENDPOINTS, _forget_after_fork)
_lifecycle.when(_lifecycle.Event.EXIT, _lifecycle.Rank.ENDPOINTS, stop)
