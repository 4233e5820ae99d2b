"""Pushes to a Prometheus Pushgateway from native threads, for jobs that end before they could be scraped.

Stands on prometheus-cpp's push library, which wheels do not carry: build toolvitals where Debian's
`libprometheus-cpp-dev` is installed, or use `toolvitals.prometheus.push_to_gateway`, which needs nothing but Python.
"""

from __future__ import annotations

import base64
import functools
import threading
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from toolvitals import _backend, _lifecycle, periodic

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["PushError", "Pusher"]

# How long a repeated push may take; there is no other meanwhile.
_PATIENCE_S = 365 * 86400.0

_DEFAULT_PORT = {"http": 80, "https": 443}


class PushError(OSError):
    """A push that did not arrive. `status` is the HTTP status of a gateway that refused it, else None."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Pusher:
    """Pushes all that toolvitals has, under a job and more labels of its group.

    `gateway` is a URL of http or https, or a host and port; a path is not possible. Native histograms, exemplars and
    units have no place in what is pushed. Nothing holds the GIL, and no tool waits. Thread-safe; a forked child begins
    without the repetition. ValueError for a gateway or a job that cannot be; RuntimeError where metrics are off, or
    toolvitals was built without prometheus-cpp.

    As a context manager it is stopped in the end, with a last push.
    """

    def __init__(
        self,
        gateway: str,
        job: str,
        grouping_key: Mapping[str, Any] | None = None,
        *,
        username: str = "",
        password: str = "",
    ) -> None:
        if not job or "/" in job:
            raise ValueError(f"job {job!r} is empty or has a slash")
        if not _backend.recording:
            raise RuntimeError("metrics are off, so there is nothing to push")
        host, port = _split(gateway)
        grouping = dict(_segment(str(name), str(value)) for name, value in (grouping_key or {}).items())
        self._native = _native_class()(host, port, quote(job), grouping, username, password)
        self._lock = threading.Lock()
        self._repetition: periodic.Subscription | None = None
        _pushers.add(self)

    def push(self, timeout_s: float = 30.0) -> None:
        """Replaces all metrics of the group (PUT). PushError where that fails, or takes longer than the timeout."""
        _raise_for(self._native.replace(timeout_s), timeout_s)

    def push_add(self, timeout_s: float = 30.0) -> None:
        """Replaces those metrics of the group that there are here, and leaves others (POST). Errors are push()'s."""
        _raise_for(self._native.add(timeout_s), timeout_s)

    def delete(self, timeout_s: float = 30.0) -> None:
        """Removes the group (DELETE). Errors are push()'s."""
        _raise_for(self._native.delete(timeout_s), timeout_s)

    def start(self, interval_s: float = 15.0) -> None:
        """Pushes every so many seconds (0.001 to 31,622,400), on the process's clock, until stop(). RuntimeError where
        it does so already. A gateway that is away is asked again after the next interval; since totals are pushed,
        nothing is lost by that."""
        with self._lock:
            if self._repetition is not None and not self._repetition.stopped:
                raise RuntimeError("it is pushing already")
            push = functools.partial(_replace_at_leisure, self._native)
            self._repetition = periodic.every(None, interval_s, push, name="the push to the Pushgateway")
            # The subscription knows nothing of this object, so that one that nobody holds pushes no more.
            weakref.finalize(self, self._repetition.stop).atexit = False

    def stop(self, last_push_s: float | None = 30.0) -> None:
        """Ends what start() began, after a last push that may take so many seconds; None for none. PushError where that
        push fails. Nothing where nothing was begun."""
        with self._lock:
            repetition, self._repetition = self._repetition, None
        if repetition is not None and not repetition.stopped:
            repetition.stop()
            if last_push_s is not None:
                self.push(last_push_s)

    @property
    def successes(self) -> int:
        """Operations that ended well."""
        successes: int = self._native.successes
        return successes

    @property
    def failures(self) -> int:
        """Operations that did not, those of start() included."""
        failures: int = self._native.failures
        return failures

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


_pushers: weakref.WeakSet[Pusher] = weakref.WeakSet()


def _native_class() -> Any:
    try:
        from toolvitals import _push
    except ImportError as error:
        raise RuntimeError(
            "this build of toolvitals has no prometheus-cpp: build it where libprometheus-cpp-dev is installed, "
            "or use toolvitals.prometheus.push_to_gateway"
        ) from error
    return _push.Pusher


def _replace_at_leisure(native: Any) -> None:
    # Its outcome is counted. Nobody else waits for a gateway that takes its time.
    native.replace(_PATIENCE_S)


def _split(gateway: str) -> tuple[str, str]:
    """Scheme with host, and port, as prometheus-cpp wants them."""
    parts = urlsplit(gateway if "://" in gateway else f"http://{gateway}")
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"gateway {gateway!r} is no http or https URL of a host and a port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}", str(parts.port or _DEFAULT_PORT[parts.scheme])


def _segment(name: str, value: str) -> tuple[str, str]:
    """A label as a path can carry it: by the gateway's base64 where its value could be taken for more."""
    if not name or "/" in name:
        raise ValueError(f"{name!r} is no name of a label")
    if value and value.isascii() and value.replace("_", "").replace("-", "").replace(".", "").isalnum():
        return quote(name), value
    # The gateway wants the padding of an empty value.
    return f"{quote(name)}@base64", base64.urlsafe_b64encode(value.encode()).decode() or "="


def _raise_for(outcome: tuple[str, int] | None, timeout_s: float | None) -> None:
    if outcome is None:
        return
    what, code = outcome
    if what == "refused":
        raise PushError(f"the gateway refused with status {code}", code)
    if what == "unreachable":
        raise PushError(f"the gateway was not reached (libcurl's error {code})")
    if what == "busy":
        raise PushError(f"the push before was still on its way after {timeout_s:g} s")
    raise PushError(f"no answer within {timeout_s:g} s; the push is still on its way")


def _forget_after_fork() -> None:
    """A child has none of the threads."""
    for pusher in list(_pushers):
        pusher._lock = threading.Lock()
        pusher._native.begin_afresh_in_child()


_lifecycle.when(_lifecycle.Event.FORKED, _lifecycle.Rank.SENDERS, _forget_after_fork)
