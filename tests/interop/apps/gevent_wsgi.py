"""A WSGI application for gunicorn's gevent worker; it answers with the port of its metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import toolvitals as tv
import toolvitals.prometheus as ours

gauge = ours.Gauge("of_worker", "h")
gauge.set_function(lambda: float(threading.get_native_id() != threading.main_thread().native_id))
running: list[tv.Endpoints] = []


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    if not running:
        running.append(tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(running[0].prometheus_port).encode()]
