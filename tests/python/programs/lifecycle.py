"""Programs whose hooks of start, stop, fork and exit tell what they were called for."""

from __future__ import annotations

import atexit
import importlib
import json
import logging
import os
from collections.abc import Callable

from toolvitals import _lifecycle
from toolvitals._lifecycle import Event, Rank, happened, when


def _register(event: Event, tell: Callable[[str], object]) -> None:
    """Hooks of every rank, in no order; one is registered twice, and one raises."""

    def endpoints() -> None:
        tell("endpoints")

    def collectors() -> None:
        tell("collectors")

    def raises() -> None:
        tell("raises")
        raise ValueError("harms nobody")

    def clock() -> None:
        tell("clock")

    def senders() -> None:
        tell("senders")

    def more_senders() -> None:
        tell("more senders")

    for rank, hook in (
        (Rank.SENDERS, senders),
        (Rank.SENDERS, more_senders),
        (Rank.CLOCK, clock),
        (Rank.COLLECTORS, raises),
        (Rank.COLLECTORS, collectors),
        (Rank.ENDPOINTS, endpoints),
        (Rank.ENDPOINTS, endpoints),
    ):
        when(event, rank, hook)
    logging.getLogger("toolvitals").setLevel(logging.CRITICAL)


def order_of(event: str) -> list[str]:
    told: list[str] = []
    _register(Event[event], told.append)
    happened(Event[event])
    return told


def order_after_a_fork() -> list[list[str]]:
    told: list[str] = []
    _register(Event.FORKED, told.append)
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(told).encode())
        os._exit(0)
    os.wait()
    return [json.loads(os.read(read, 1000)), told]


def exit_with_hooks() -> None:
    _register(Event.EXIT, lambda name: print(name, flush=True))
    atexit.register(lambda: print("the program's own", flush=True))


def reload_a_module_with_hooks() -> bool:
    endpoints = importlib.import_module("toolvitals.endpoints")
    before = {event: list(hooks) for event, hooks in _lifecycle._hooks.items()}
    importlib.reload(endpoints)
    return before == {event: list(hooks) for event, hooks in _lifecycle._hooks.items()}
