"""Metrics handed to Graphite in its plain text protocol."""

from __future__ import annotations

import functools
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator

from toolvitals import periodic
from toolvitals.prometheus.registry import REGISTRY, Collector
from toolvitals.prometheus.samples import Sample

__all__ = ["GraphiteBridge"]

# Whatever a file's name does not take everywhere, and dots, which separate the parts of a path.
_NOT_IN_A_PART = re.compile(r"[^a-zA-Z0-9_-]")

_log = logging.getLogger(__name__)


class GraphiteBridge:
    """Hands a registry's samples to the Graphite at `address`, a host and a port.

    Labels become parts of the path, or with `tags` Graphite's tags. `timeout_seconds` is for connecting and for each
    write. Characters that a path cannot carry become underscores. Thread-safe.
    """

    def __init__(
        self,
        address: tuple[str, int],
        registry: Collector = REGISTRY,
        timeout_seconds: float = 30,
        _timer: Callable[[], float] = time.time,
        tags: bool = False,
    ) -> None:
        self._address = address
        self._registry = registry
        self._timeout_seconds = timeout_seconds
        self._timer = _timer
        self._tags = tags
        self._subscriptions: list[periodic.Subscription] = []

    def push(self, prefix: str = "") -> None:
        """Sends every sample once, with the time of now; paths begin with `prefix` and a dot where it is given.

        OSError where Graphite is not reached. What a collector raises passes through, and nothing is sent then.
        """
        text = "".join(self._lines(f"{prefix}." if prefix else "", int(self._timer())))
        with socket.create_connection(self._address, self._timeout_seconds) as connection:
            connection.sendall(text.encode("ascii"))

    def start(self, interval: float = 60.0, prefix: str = "") -> None:
        """Pushes now and every `interval` seconds, on the process's clock, until stop(). Failures are logged.

        Pushes that the one before leaves no time for are left out; a forked child does not go on with it. ValueError
        for an interval that is not from 0.001 to 31,622,400 seconds.
        """
        if not interval > 0:
            raise ValueError(f"interval {interval!r} is not a positive number of seconds")
        pushing = functools.partial(self._push_and_log, prefix)
        name = f"the push to Graphite at {self._address}"
        self._subscriptions.append(periodic.every(None, interval, pushing, name=name, at_once=True))

    def stop(self) -> None:
        """Ends what start() began, however often; a push that is under way is finished."""
        while self._subscriptions:
            self._subscriptions.pop().stop()

    def _push_and_log(self, prefix: str) -> None:
        try:
            self.push(prefix)
        except Exception:
            _log.exception("the push to Graphite at %s failed", self._address)

    def _lines(self, prefix: str, now: int) -> Iterator[str]:
        for metric in self._registry.collect():
            for sample in metric.samples:
                # Graphite has no histograms, and the sample has no number beside its own.
                if sample.native_histogram is None:
                    yield f"{prefix}{_part(sample.name)}{self._labels(sample)} {float(sample.value)} {now}\n"

    def _labels(self, sample: Sample) -> str:
        labels = sorted(sample.labels.items())
        if self._tags:
            # To Graphite a tag without a value is an error; to Prometheus it is the same as none.
            return "".join(f";{_part(name)}={_part(value)}" for name, value in labels if value)
        return "".join(f".{_part(name)}.{_part(value) or '_'}" for name, value in labels)


def _part(text: str) -> str:
    return _NOT_IN_A_PART.sub("_", text)
