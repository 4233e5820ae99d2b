"""Start, stop, fork and exit: who is told of it, and in which order, whatever was imported first.

One registration with the interpreter stands behind each event, made when this module is first imported in the process
(see _process_hooks). Hooks belong to ranks, from the ground up: what stands on something begins after it and ends
before it.

| rank | what it is | start, fork | stop, exit |
| --- | --- | --- | --- |
| ENDPOINTS | the native server and its handle | first | last |
| COLLECTORS | the threads that collect what only Python has | | |
| CLOCK | the thread that calls subscribers | | |
| SENDERS | whoever sends: clients, pushers, exporters | last | first |

So at exit senders hand over what they have while the clock, the collectors and the endpoints still run, and endpoints
answer until nothing more comes. In the child of a fork each part forgets its parent's threads and locks before what
stands on it begins anew.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from toolvitals import _process_hooks
from toolvitals._late import logger

__all__ = ["Event", "Rank", "happened", "when"]

Hook = Callable[[], object]


class Event(enum.Enum):
    """What may happen to the process."""

    STARTED = "start() has opened endpoints"
    STOPPED = "the endpoints that start() opened are closed"
    FORKED = "this is the child of a fork, and nothing else has run in it"
    EXIT = "the interpreter, or a worker of multiprocessing, ends; it may be told more than once"


class Rank(enum.IntEnum):
    """Where a hook stands, from the ground up."""

    ENDPOINTS = 0
    COLLECTORS = 1
    CLOCK = 2
    SENDERS = 3


# What begins goes up the ranks, what ends comes down.
_DOWNWARD = frozenset({Event.STOPPED, Event.EXIT})

# By the name of the hook, so that a module that is loaded again takes the place of what it was.
_Hooks = dict[tuple[str, str], tuple[Rank, Hook]]
_hooks: dict[Event, _Hooks] = globals().get("_hooks", {event: {} for event in Event})


def when(event: Event, rank: Rank, hook: Hook) -> None:
    """Has the function, which is one of a module, called whenever the event happens. Thread-safe.

    Hooks of one rank are called in the order in which they came. What a hook raises is logged, and the others are
    called. One of EXIT may be called more than once: where a worker of multiprocessing ends, and then by `atexit`.
    """
    _hooks[event][hook.__module__, hook.__qualname__] = rank, hook


def happened(event: Event) -> None:
    """Calls the hooks of an event, in their order. For those who make it happen."""
    if event is Event.STARTED:
        _process_hooks.hold(_exit)
    ranked = sorted(_hooks[event].copy().values(), key=lambda one: one[0], reverse=event in _DOWNWARD)
    for _, hook in ranked:
        _call(hook)
    if event is Event.STOPPED:
        _process_hooks.let_go(_exit)


def _call(hook: Hook) -> None:
    try:
        hook()
    except Exception:
        logger().exception("%s.%s raised", hook.__module__, hook.__qualname__)


def _forked() -> None:
    happened(Event.FORKED)


def _exit() -> None:
    happened(Event.EXIT)


_process_hooks.tell(_forked, _exit)
