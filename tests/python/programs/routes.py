"""Forks with a route that Python answers. One with a forked child counts for a service from then on."""

from __future__ import annotations

import os
import urllib.request

import toolvitals as tv
from toolvitals import _core


def _ask(endpoints: tv.Endpoints) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{endpoints.json_port}/asked", timeout=30) as answer:
        return int(answer.read())


def answer_in_parent_and_child() -> list[bool]:
    endpoints = tv.start(json_port=0)
    _core.add_delegate("/asked", lambda path, query: (200, "text/plain", str(os.getpid()).encode()), deadline_s=60)
    before = _ask(endpoints) == os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(_ask(tv.start(json_port=0))).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        own = int(pipe.read()) == child
    os.waitpid(child, 0)
    return [before, own, _ask(endpoints) == os.getpid()]
