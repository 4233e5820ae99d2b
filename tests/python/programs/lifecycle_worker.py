"""Work for a process of multiprocessing, and a hook that tells of its end; a worker skips atexit."""

from __future__ import annotations

import multiprocessing

from toolvitals._lifecycle import Event, Rank, when


def end() -> None:
    print("end", multiprocessing.current_process().name, flush=True)


def work() -> None:
    print("work", flush=True)


when(Event.EXIT, Rank.SENDERS, end)
