"""A patched program that the clock calls: `green_clock.py gevent|eventlet first|late`.

Its greenlets count on while the clock calls, one of its subscribers waits through the patched `time`, and subscriptions
can be ended.
"""

from __future__ import annotations

import sys

from patching import patch

if sys.argv[2] == "late":
    import toolvitals.periodic  # noqa: F401 (before the patch)
patch(sys.argv[1])

import json  # noqa: E402 (patched first)
import threading  # noqa: E402
import time  # noqa: E402

from toolvitals import periodic  # noqa: E402

counted, called, slow = [0], [0], [0]


def count() -> None:
    while True:
        counted[0] += 1
        time.sleep(0.001)


def waits() -> None:
    time.sleep(0.02)
    slow[0] += 1


class Source:
    def read(self) -> int:
        return 1


def add(one: int) -> None:
    called[0] += one


threading.Thread(target=count, daemon=True).start()
subscriptions = [periodic.every(Source(), 0.01, add), periodic.every(None, 0.01, waits)]
while called[0] < 5 or slow[0] < 3 or counted[0] < 10:
    time.sleep(0.001)
ended = [one.stop(30) for one in subscriptions]
before = called[0]
while counted[0] < 10:
    time.sleep(0.001)
print(json.dumps([ended, called[0] - before]), flush=True)
