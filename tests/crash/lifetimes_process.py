"""One process of the service: does what it is told to over a socket, until it ends."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import Any, ClassVar

from toolvitals import prometheus
from toolvitals._backend import core

__all__: list[str] = []


class _Open:
    """An instrument whose series have an attribute, used as one with a label is."""

    _TYPED: ClassVar[dict[str, Any]] = {"1": 1, "true": True}

    def __init__(self, kind: str, name: str, key: str, ttl_s: float) -> None:
        base = {"counter": core.CounterBase, "gauge": core.GaugeBase, "histogram": core.HistogramBase}[kind]
        options: dict[str, Any] = {"gauge": {"gauge_mode": "sum"}, "histogram": {"bounds": (1.0, 2.0)}}.get(kind, {})
        self._key = key
        self._metric = base()
        self._metric._define(name, "Help.", "", (), open=True, ttl_s=ttl_s, **options)
        self.show(True)

    def show(self, is_shown: bool) -> None:
        self._metric._show(0, is_shown)

    def labels(self, value: str) -> Any:
        return self._metric._with_attributes(self._attributes(value))

    def remove(self, value: str) -> None:
        self._metric._remove(self._attributes(value))

    def remove_by_labels(self, labels: dict[str, str]) -> None:
        self.remove(labels[self._key])

    def clear(self) -> None:
        self._metric._clear()

    def _attributes(self, value: str) -> dict[str, Any]:
        return {self._key: self._TYPED.get(value, value)}


class _Process:
    def __init__(self, path: str, token: str) -> None:
        self._path = path
        self._families: dict[str, Any] = {}
        self._connect(token)

    def _connect(self, token: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(self._path)
        self._lines = self._socket.makefile("r")
        self._socket.sendall((json.dumps([token, os.getpid()]) + "\n").encode())

    def run(self) -> None:
        for line in self._lines:
            operation, *arguments = json.loads(line)
            answer = getattr(self, f"do_{operation}")(*arguments)
            self._socket.sendall((json.dumps(answer) + "\n").encode())

    def _child(self, name: str, value: str) -> Any:
        family = self._families[name]
        return family.labels(value) if value else family

    def do_define(self, name: str, kind: str, label: str, ttl_s: float, is_open: bool) -> None:
        self._families.pop(name, None)
        gc.collect()
        labels = [label] if label else []
        if is_open:
            self._families[name] = _Open(kind, name, label, ttl_s)
        elif kind == "counter":
            self._families[name] = prometheus.Counter(name, "Help.", labels, ttl_s=ttl_s)
        elif kind == "gauge":
            self._families[name] = prometheus.Gauge(name, "Help.", labels, multiprocess_mode="sum", ttl_s=ttl_s)
        else:
            self._families[name] = prometheus.Histogram(name, "Help.", labels, buckets=(1, 2), ttl_s=ttl_s)

    def do_make(self, name: str, value: str) -> None:
        self._child(name, value)

    def do_record(self, name: str, value: str, kind: str, amount: float) -> None:
        child = self._child(name, value)
        if kind == "counter":
            child.inc(amount)
        elif kind == "gauge":
            child.set(amount)
        else:
            for _ in range(int(amount)):
                child.observe(1.5)

    def do_remove(self, name: str, value: str) -> None:
        self._families[name].remove(value)

    def do_remove_by_labels(self, name: str, label: str, value: str) -> None:
        self._families[name].remove_by_labels({label: value})

    def do_clear(self, name: str) -> None:
        self._families[name].clear()

    def do_unregister(self, name: str) -> None:
        family = self._families[name]
        if isinstance(family, _Open):
            family.show(False)
        else:
            prometheus.REGISTRY.unregister(family)

    def do_register(self, name: str) -> None:
        family = self._families[name]
        if isinstance(family, _Open):
            family.show(True)
        else:
            prometheus.REGISTRY.register(family)

    def do_fork(self, token: str, then: list[list[Any]]) -> None:
        """Goes on at once, while the child may not be there yet."""
        if os.fork() == 0:
            self._connect(token)
            self.run()
            os._exit(0)
        for operation, *arguments in then:
            getattr(self, f"do_{operation}")(*arguments)

    def do_end(self) -> None:
        os._exit(0)

    def do_read(self) -> str:
        return core.render("prometheus").decode()


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _Process(sys.argv[1], sys.argv[2]).run()
    os._exit(0)
