"""One instrument and many threads: a child is one object for all of them, and no record is lost.

With the GIL these threads change over in Python code alone; without it, wherever they are.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from toolvitals.prometheus import CollectorRegistry, Counter, exemplars

__all__: list[str] = []

THREADS = 4


@pytest.fixture(autouse=True)
def _change_over_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Slow(Counter):
    """Its children begin in Python code, where another thread may take over."""

    def _metric_init(self) -> None:
        super()._metric_init()
        sum(range(50))


def at_once(work: Callable[[int], object]) -> None:
    """Calls work(n) on every thread, from one moment on."""
    barrier = threading.Barrier(THREADS, timeout=60)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(begin, range(THREADS)))


@pytest.mark.parametrize("kind", [Counter, Slow])
def test_a_label_set_has_one_child_whoever_asks_first(kind: type[Counter]) -> None:
    counter = kind("asked", "Asked.", ["n"], registry=CollectorRegistry())
    children: list[list[Counter]] = [[] for _ in range(THREADS)]

    def ask(number: int) -> None:
        for value in range(300):
            child = counter.labels(str(value))
            child.inc()
            children[number].append(child)

    at_once(ask)
    for same in zip(*children, strict=True):
        assert len(set(map(id, same))) == 1
        assert same[0]._value.get() == THREADS


def test_children_come_and_go_while_others_record() -> None:
    counter = Counter("kept", "Kept.", ["n"], registry=CollectorRegistry())

    def work(number: int) -> None:
        for turn in range(500):
            counter.labels("kept").inc()
            counter.labels(f"{number} {turn}").inc()
            if turn % 3 == 0:
                counter.remove(f"{number} {turn}")
            if turn % 50 == 49:
                counter.remove_by_labels({"n": f"{number} {turn}"})

    at_once(work)
    assert counter.labels("kept")._value.get() == THREADS * 500
    left = {sample.labels["n"] for family in counter.collect() for sample in family.samples}
    assert left == {"kept"} | {
        f"{number} {turn}" for number in range(THREADS) for turn in range(500) if turn % 3 and turn % 50 != 49
    }


def test_a_provider_is_replaced_while_it_is_asked() -> None:
    counter = Counter("provided", "Provided.", ["n"], registry=CollectorRegistry())

    def work(number: int) -> None:
        for turn in range(300):
            exemplars.set_provider(lambda turn=turn: {"turn": str(turn)} if turn % 2 else None)
            counter.labels(str(turn % 7)).inc()

    try:
        at_once(work)
    finally:
        exemplars.set_provider(None)
    assert sum(counter.labels(str(n))._value.get() for n in range(7)) == THREADS * 300
