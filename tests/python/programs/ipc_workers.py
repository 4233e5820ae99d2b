"""Sends from workers, by a client of each and by one that was there before: `python ipc_workers.py SOCKET METHOD`."""

from __future__ import annotations

import multiprocessing
import sys

from toolvitals.ipc import Client

inherited = Client(sys.argv[1], exit_timeout_s=60)


def work(number: int) -> None:
    Client(sys.argv[1], exit_timeout_s=60).counter("own", number)
    inherited.counter("inherited", number)


if __name__ == "__main__":
    inherited.counter("parent")
    context = multiprocessing.get_context(sys.argv[2])
    workers = [context.Process(target=work, args=(number,)) for number in range(3)]  # type: ignore[attr-defined]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
