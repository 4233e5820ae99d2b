"""Programs that send to a metrics server and end, fork, or begin workers."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import warnings

from toolvitals.ipc import Client, client

# What is in use when the interpreter ends, not only until its function has returned.
KEPT: list[Client] = []


def send_a_thousand(path: str) -> None:
    KEPT.append(Client(path))
    for i in range(1000):
        KEPT[0].gauge("g", i)


def send_to_nobody(path: str) -> None:
    logging.disable()
    KEPT.extend(Client(path, exit_timeout_s=3600) for _ in range(2))
    KEPT[0].counter("c")


def send_by_a_client_that_nobody_holds(path: str) -> None:
    abandoned = Client(path, max_queue=100_000, exit_timeout_s=60)
    for i in range(20_000):
        abandoned.gauge("g", i, {"padding": "x" * 200})


def send_at_exit(path: str) -> None:
    KEPT.append(Client(path, exit_timeout_s=60))
    atexit.register(KEPT[0].counter, "last")


def exit_with_twenty(path: str) -> list[object]:
    logging.disable()
    clients = [Client(path, max_queue=100_000, exit_timeout_s=0.3) for _ in range(20)]
    for one in clients:
        for i in range(2000):
            one.gauge("g", i, {"padding": "x" * 1000})
    client._close_all_at_exit()
    stats = [one.stats() for one in clients]
    accounted = all(one.recorded == one.sent + one.dropped for one in stats)
    return [accounted, sum(one.drops.get("closed", 0) for one in stats)]


def send_in_forked_children(path: str) -> list[int]:
    warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
    logging.disable()
    sender, closed = Client(path), Client(path)
    closed.close()
    done = threading.Event()

    def record() -> None:
        while not done.is_set():
            sender.counter("noise")

    noise = [threading.Thread(target=record) for _ in range(2)]
    sender.counter("noise")
    assert sender.flush(60)
    connection = sender._sender._socket
    assert connection is not None
    inherited = connection.fileno()
    for thread in noise:
        thread.start()
    for i in range(20):
        pid = os.fork()
        if pid == 0:
            if os.path.exists(f"/proc/self/fd/{inherited}"):
                os._exit(2)
            at_first = sender.stats()
            sender.counter("child", i)
            closed.counter("closed")
            sent = sender.flush(60)
            right = (at_first.recorded, at_first.connected, sent, sender.stats().sent) == (0, False, True, 1)
            os._exit(0 if right and closed.stats().dropped == 1 else 1)
        assert os.waitpid(pid, 0)[1] == 0
    done.set()
    for thread in noise:
        thread.join()
    assert sender.flush(60)
    stats = sender.stats()
    return [stats.recorded, stats.sent, stats.dropped]


def send_while_switched_off(path: str) -> list[object]:
    with Client(path, strict=True) as off:
        off.counter("c", float("nan"))
        off.operation("upload")
        with off.track_operation("upload"):
            pass
        return [off.stats().recorded, threading.active_count(), off.flush()]
