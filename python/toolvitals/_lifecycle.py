"""Start, stop, fork and exit: who is told of it, and in which order, whatever was imported first.

One registration with the interpreter stands behind each event, made when this module is first imported. Hooks belong to
ranks, from the ground up: what stands on something begins after it and ends before it.

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

import atexit
import enum
import os
import sys
from collections.abc import Callable
from typing import Any

from toolvitals._late import logger

__all__ = ["Event", "Rank", "happened", "when"]

Hook = Callable[[], object]

# Behind everything else that multiprocessing does at the end of a worker, which may still record.
_LAST = -1000


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
_loaded_before = "_hooks" in globals()
_hooks: dict[Event, _Hooks] = globals().get("_hooks", {event: {} for event in Event})


def when(event: Event, rank: Rank, hook: Hook) -> None:
    """Has the function, which is one of a module, called whenever the event happens. Thread-safe.

    Hooks of one rank are called in the order in which they came. What a hook raises is logged, and the others are
    called. One of EXIT may be called more than once: where a worker of multiprocessing ends, and then by `atexit`.
    """
    _hooks[event][hook.__module__, hook.__qualname__] = rank, hook


def happened(event: Event) -> None:
    """Calls the hooks of an event, in their order. For those who make it happen."""
    ranked = sorted(_hooks[event].copy().values(), key=lambda one: one[0], reverse=event in _DOWNWARD)
    for _, hook in ranked:
        _call(hook)


def _call(hook: Hook) -> None:
    try:
        hook()
    except Exception:
        logger().exception("%s.%s raised", hook.__module__, hook.__qualname__)


def _forked() -> None:
    happened(Event.FORKED)
    _prepare_for_multiprocessing()


def _exit() -> None:
    happened(Event.EXIT)


def _prepare_for_multiprocessing() -> None:
    """Has a worker told of its end: one that has begun, and imports its program, or that is to be forked."""
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        # A worker forgets all finalizers when its work begins, and then calls what was registered here.
        util.register_after_fork(_exit, _finalize)


def _finalize(function: Hook) -> None:
    from multiprocessing.util import Finalize  # which is imported already

    Finalize(None, function, exitpriority=_LAST)


def _is_worker() -> bool:
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


if not _loaded_before:
    atexit.register(_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forked)
    _prepare_for_multiprocessing()
    if _is_worker():
        _finalize(_exit)
