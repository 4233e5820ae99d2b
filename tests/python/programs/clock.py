"""Programs with subscribers of the process's own clock that fork, and that end."""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
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


def come_back_in_the_child_of_a_subscriber() -> Any:
    """How many threads the child's clock has, whether it stopped what is the parent's, and what is its own too.

    Another thread has the lock of the parent's clock when the fork is made, so nobody in the child gives it back.
    """
    parent, clock = os.getpid(), periodic._clock()
    reading, writing = os.pipe()
    locked, forked = threading.Event(), threading.Event()

    def hold() -> None:
        with clock._changed:
            locked.set()
            forked.wait(30)

    def fork() -> None:
        threading.Thread(target=hold).start()
        locked.wait(30)
        if os.fork() != 0:
            forked.set()
        else:
            signal.alarm(30)  # where it hangs it ends all the same

    def tell() -> None:
        if os.getpid() == parent:
            return
        clocks = [thread for thread in threading.enumerate() if thread.name == "toolvitals-clock"]
        if len(clocks) == 1:
            os.write(writing, json.dumps([len(clocks), parents.stopped, own.stopped]).encode())
            os._exit(0)

    own = periodic.every(None, 0.01, tell, in_children=True)
    parents = periodic.every(None, 3600, fork, at_once=True)
    forked.wait(30)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return json.loads(pipe.read())


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
