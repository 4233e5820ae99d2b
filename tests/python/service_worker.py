"""A process of a service that does what it is told on its standard input: one JSON array a line, an action and what it
takes. It answers with what the action returns, or with what it raised as text, and goes on until the input ends."""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
from typing import Any

import toolvitals as tv
import toolvitals.prometheus.multiprocess
from toolvitals import prometheus
from toolvitals._backend import core

__all__: list[str] = []

_collector = tv.get_collector()
_metrics: dict[str, Any] = {"jobs": prometheus.Counter("jobs", "Help.", ["kind"])}
_kept: list[Any] = []


def record(tool: str, *latencies_ms: float) -> None:
    for latency_ms in latencies_ms:
        _collector.record_tool_call(tool, success=True, latency_ms=latency_ms)


def fail(tool: str, error_type: str) -> None:
    _collector.record_tool_call(tool, success=False, latency_ms=1, error_type=error_type)


def record_on_another_thread(tool: str, count: int) -> None:
    threading.Thread(target=lambda: record(tool, *[1.0] * count), daemon=True).start()


def begin_call(tool: str) -> None:
    """Which does not end."""
    call = tv.track(tool)
    call.__enter__()
    _kept.append(call)


def hit(cache: str) -> None:
    _collector.record_cache_hit(cache)


def define(kind: str, name: str, options: dict[str, Any] | None = None) -> None:
    """Makes a metric of a class of prometheus, to be used by its name."""
    _metrics[name] = getattr(prometheus, kind)(name, "Help.", **(options or {}))


def define_unregistered(kind: str, name: str) -> None:
    define(kind, name, {"registry": None})


def use(name: str, method: str, *arguments: Any) -> None:
    """Calls a method of a metric, or of its registry: what is removed and what is recorded."""
    getattr(_metrics[name], method)(*arguments)


def use_child(name: str, labels: list[str], method: str, *arguments: Any) -> None:
    getattr(_metrics[name].labels(*labels), method)(*arguments)


def define_open(name: str, options: dict[str, Any] | None = None) -> None:
    """A counter whose series have attributes."""
    counter = core.CounterBase()
    counter._define(name, "Help.", "", (), open=True, **(options or {}))
    counter._show(0, True)
    _metrics[name] = counter


def count_with(name: str, attributes: dict[str, Any], amount: float) -> None:
    _metrics[name]._with_attributes(attributes).inc(amount)


def remove_attributes(name: str, attributes: dict[str, Any]) -> bool:
    return bool(_metrics[name]._remove(attributes))


def unregister(name: str) -> None:
    prometheus.REGISTRY.unregister(_metrics[name])


def reset() -> None:
    _collector.reset()


def start(options: dict[str, Any]) -> bool:
    return tv.start(**options).running


def metrics() -> Any:
    return _collector.get_all_metrics()


def text() -> str:
    return core.render("prometheus").decode()


def keep_snapshot(path: str) -> None:
    with open(path, "wb") as file:
        pickle.dump(tv.snapshot(), file)


def exposition() -> str:
    return prometheus.generate_latest().decode()


def exposition_of_directory(path: str) -> str:
    """As prometheus_client's multi-process collector gives it."""
    registry = prometheus.CollectorRegistry()
    toolvitals.prometheus.multiprocess.MultiProcessCollector(registry, path)
    return prometheus.generate_latest(registry).decode()


ACTIONS = {
    action.__name__: action
    for action in (
        begin_call,
        count_with,
        define,
        define_open,
        define_unregistered,
        exposition,
        exposition_of_directory,
        fail,
        hit,
        keep_snapshot,
        metrics,
        record,
        record_on_another_thread,
        remove_attributes,
        reset,
        start,
        text,
        unregister,
        use,
        use_child,
    )
}


def main() -> None:
    print(json.dumps({"dir": core.shared_directory(), "pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = ACTIONS[name](*arguments)
        except Exception as error:
            answer = repr(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
