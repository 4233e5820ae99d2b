"""The package, imported anew again and again, as workflow sandboxes and deep reloaders do it."""

from __future__ import annotations

import atexit
import collections
import gc
import importlib
import os
import sys
import types
from collections.abc import Callable
from typing import Any

MODULES = (
    "toolvitals.endpoints",
    "toolvitals.exporters.pushgateway",
    "toolvitals.integrations.mcp",
    "toolvitals.ipc.client",
    "toolvitals.periodic",
    "toolvitals.prometheus",
    "toolvitals.sources",
    "toolvitals.testing",
)


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "toolvitals"]:
        del sys.modules[name]


def _import_anew() -> Any:
    _forget()
    import toolvitals

    for name in MODULES:
        importlib.import_module(name)
    return toolvitals


def _use(tv: Any) -> None:
    from toolvitals import periodic, prometheus

    def double(x: int) -> int:
        return x * 2

    assert tv.cached("anew")(tv.tool(double))(2) == 4
    prometheus.Counter("anew", "", ["kind"]).labels("a").inc()
    prometheus.Gauge("asked", "").set_function(lambda: 1)
    prometheus.generate_latest()
    periodic.every(None, 1000, print).stop()
    with tv.start(json_port=0, prometheus_port=0):
        pass
    tv.snapshot()


def _counted(calls: collections.Counter[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        calls[name] += 1
        return function(*args, **kwargs)

    return call


def live_modules(times: str) -> list[Any]:
    """Of which modules there are several in the end, and how often the interpreter was given a hook."""
    _import_anew()
    calls: collections.Counter[str] = collections.Counter()
    atexit.register = _counted(calls, "atexit", atexit.register)
    os.register_at_fork = _counted(calls, "fork", os.register_at_fork)
    for _ in range(int(times)):
        _use(_import_anew())
    _forget()
    gc.collect()
    alive = collections.Counter(
        module.__name__
        for module in gc.get_objects()
        if isinstance(module, types.ModuleType) and module.__name__.partition(".")[0] == "toolvitals"
    )
    return [{name: count for name, count in alive.items() if count > 1}, calls["fork"], calls["atexit"]]


def _tell(name: str) -> Callable[[], None]:
    from toolvitals import _lifecycle

    def hook() -> None:
        print(name, "told", flush=True)

    hook.__qualname__ = name
    for event in (_lifecycle.Event.FORKED, _lifecycle.Event.EXIT):
        _lifecycle.when(event, _lifecycle.Rank.SENDERS, hook)
    return hook


def end_with_copies() -> None:
    """Forks and ends with one copy in use, one that serves and that nobody refers to, and one that is gone."""
    used = _import_anew()
    used_hook = _tell("used")
    _import_anew()
    _tell("gone")
    served = _import_anew()
    endpoints = served.start(json_port=0, prometheus_enabled=False)
    url = endpoints.json_url
    _tell("served")
    del served, endpoints
    _forget()
    gc.collect()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    from urllib.request import urlopen

    print(urlopen(url).status, used.__name__, used_hook.__name__, flush=True)
