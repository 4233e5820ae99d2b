"""Programs with subscribers of the process's own clock that fork, and that end."""

from __future__ import annotations

import atexit
import json
import os
import queue
import threading
from typing import Any

from toolvitals import periodic


def fork_with_subscribers() -> list[Any]:
    parents: queue.Queue[int] = queue.Queue()
    childrens: queue.Queue[int] = queue.Queue()
    one = periodic.every(None, 0.01, lambda: parents.put(os.getpid()))
    two = periodic.every(None, 0.01, lambda: childrens.put(os.getpid()), in_children=True)
    read, write = os.pipe()
    parents.get()
    childrens.get()
    pid = os.fork()
    if pid == 0:
        while childrens.get(timeout=30) != os.getpid():
            pass
        alone = len([t for t in threading.enumerate() if t.name == "toolvitals-clock"]) <= 2
        own = [number for number in list(parents.queue) if number == os.getpid()]
        os.write(write, json.dumps([one.stopped, two.stopped, alone, own]).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    found = json.loads(os.read(read, 1000))
    return [found, one.stopped, parents.get(timeout=30) == os.getpid()]


def fork_in_a_subscriber() -> Any:
    read, write = os.pipe()
    done = threading.Event()

    def fork() -> None:
        if os.fork() == 0:
            # The clock of the child begins anew, though this thread was one of the parent's.
            again = threading.Event()
            periodic.every(None, 0.01, again.set)
            os.write(write, json.dumps(again.wait(30)).encode())
            os._exit(0)
        done.set()

    periodic.every(None, 100, fork, at_once=True)
    done.wait(30)
    return json.loads(os.read(read, 100))


def exit_while_a_subscriber_is_called() -> None:
    begun, ends = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        ends.wait(30)
        print("done", flush=True)

    periodic.every(None, 100, slow, at_once=True)
    periodic.every(None, 0.001, lambda: None)
    atexit.register(ends.set)
    atexit.register(lambda: print("the program's own", flush=True))
    begun.wait()
