"""Tools in green threads of eventlet, in a process patched first: `python eventlet_program.py True|False`."""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402 (patched first)

from program import say, tool_of  # noqa: E402

tool = tool_of(sys.argv[1])


@tool
def work(a: int) -> int:
    eventlet.sleep(0)
    return a * 2


@tool
def forever() -> None:
    eventlet.sleep(3600)


pool = eventlet.GreenPool(3)
said = list(pool.imap(work, range(5)))
stuck = eventlet.spawn(forever)
eventlet.sleep(0)
stuck.kill()
say(said)
