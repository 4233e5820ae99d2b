"""A harness in the manner of `timeit`, for many subjects side by side.

All subjects take turns, round after round, so that a slow moment of the machine falls on all of them and not on one. A
statement is unrolled ten times in the body of its loop, which leaves a tenth of the loop's own cost in a figure. The
garbage collector is off while the clock runs. The best round is the figure that is compared (noise only ever adds),
the median tells how quiet the machine was.
"""

from __future__ import annotations

import gc
import itertools
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

__all__ = ["Effort", "Subject", "Timing", "measure", "measure_calls"]

UNROLLED = 10


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds over all subjects, and how long each subject runs in a round."""

    rounds: int
    round_ns: int

    @classmethod
    def of(cls, quick: bool) -> Effort:
        """A smoke test's effort, or a measurement's."""
        return cls(rounds=2, round_ns=200_000) if quick else cls(rounds=31, round_ns=10_000_000)


@dataclass(frozen=True)
class Subject:
    """A statement, the names it uses, and whether it awaits."""

    name: str
    statement: str
    names: Mapping[str, Any] = field(default_factory=dict)
    is_async: bool = False


@dataclass(frozen=True)
class Timing:
    """Nanoseconds of one execution: the best round and the median round."""

    best: float
    median: float

    @classmethod
    def of(cls, rounds: Sequence[float]) -> Timing:
        """Condenses the rounds."""
        return cls(best=min(rounds), median=statistics.median(rounds))


def _compile(subject: Subject) -> Callable[[Iterable[object]], int]:
    """A function that runs the statement ten times per item and returns the nanoseconds it took."""
    # The names are parameters, as timeit makes them locals: what is measured is the call and not the look-up.
    names = ", ".join(f"{name}={name}" for name in subject.names)
    body = "\n".join("        " + line for line in subject.statement.splitlines())
    source = "\n".join(
        [
            f"{'async ' if subject.is_async else ''}def timed(_items, _clock, {names}):",
            "    _started = _clock()",
            "    for _item in _items:",
            *[body] * UNROLLED,
            "    return _clock() - _started",
        ]
    )
    scope: dict[str, Any] = dict(subject.names)
    exec(compile(source, f"<{subject.name}>", "exec"), scope)
    timed = scope["timed"]
    if not subject.is_async:
        return lambda items: int(timed(items, perf_counter_ns))
    return lambda items: _drive(timed(items, perf_counter_ns))


def _drive(coroutine: Any) -> int:
    """Runs a coroutine that never really waits, without an event loop between us and it."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return int(stop.value)
    raise RuntimeError("a subject waited for something")


def _calibrate(timed: Callable[[Iterable[object]], int], round_ns: int) -> int:
    """How many items fill a round; warms up on the way."""
    items = 1
    while True:
        elapsed = timed(itertools.repeat(None, items))
        if elapsed >= round_ns // 4 or items >= 1 << 24:
            return max(1, int(items * round_ns / max(elapsed, 1)))
        items *= 4


def measure(subjects: Sequence[Subject], effort: Effort) -> dict[str, Timing]:
    """Times every subject, round after round in turns; nanoseconds per execution by subject name."""
    compiled = [(subject.name, _compile(subject)) for subject in subjects]
    collecting = gc.isenabled()
    gc.disable()
    try:
        items = {name: _calibrate(timed, effort.round_ns) for name, timed in compiled}
        rounds: dict[str, list[float]] = {name: [] for name, _ in compiled}
        for _ in range(effort.rounds):
            for name, timed in compiled:
                elapsed = timed(itertools.repeat(None, items[name]))
                rounds[name].append(elapsed / (items[name] * UNROLLED))
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    return {name: Timing.of(taken) for name, taken in rounds.items()}


def measure_calls(
    calls: Mapping[str, Callable[[], object]], rounds: int, before: Callable[[], object] | None = None
) -> dict[str, Timing]:
    """Times single calls of some microseconds and more, in turns.

    Args:
        calls: what to call, by name.
        rounds: how often each is called.
        before: called, unmeasured, before every call.
    """
    taken: dict[str, list[float]] = {name: [] for name in calls}
    collecting = gc.isenabled()
    gc.collect()  # and not between the rounds: it would leave the caches full of what no call needs
    gc.disable()
    try:
        for _ in range(rounds):
            for name, call in calls.items():
                if before is not None:
                    before()
                started = perf_counter_ns()
                call()
                taken[name].append(perf_counter_ns() - started)
    finally:
        if collecting:
            gc.enable()
    return {name: Timing.of(elapsed) for name, elapsed in taken.items()}
