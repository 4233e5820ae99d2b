"""Tools in greenlets of gevent, in a process that it has patched first: `python gevent_program.py True|False`."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 (patched first)
import threading  # noqa: E402
from collections.abc import Iterator  # noqa: E402

import gevent  # noqa: E402
import gevent.pool  # noqa: E402
from program import say, tool_of  # noqa: E402

tool = tool_of(sys.argv[1])


@tool
def work(a: int) -> int:
    gevent.sleep(0)
    return a * 2


@tool
def numbers(n: int) -> Iterator[int]:
    for i in range(n):
        gevent.sleep(0)
        yield i


@tool
def forever() -> None:
    gevent.sleep(3600)


spawned = [gevent.spawn(work, i) for i in range(5)]
gevent.joinall(spawned)
said = [each.value for each in spawned]
said += gevent.pool.Pool(2).map(work, [5, 6])
said.append(gevent.spawn(lambda: list(numbers(3))).get())
stuck = gevent.spawn(forever)
gevent.sleep(0)
stuck.kill()
thread = threading.Thread(target=work, args=(1,))
thread.start()
thread.join()
say(said)
