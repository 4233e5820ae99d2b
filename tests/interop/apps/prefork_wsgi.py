"""A WSGI application that serves metrics from the time when it is loaded; it answers with its process id."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import toolvitals as tv
from toolvitals import prometheus

requests = prometheus.Counter("app_requests", "Requests.", ["path"])


@tv.tool
def answer(path: str) -> bytes:
    requests.labels(path).inc()
    return str(os.getpid()).encode()


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer(environ["PATH_INFO"])]


tv.start()
