"""What the clients know of their calls, and what follows from it for the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from tests.demo.ledger import Ledger, Stage

__all__ = ["Counts", "Expected", "Tally"]

Counts = Counter[tuple[str, str]]
"""How many calls, by (name as it is recorded, outcome)."""


@dataclass(frozen=True)
class Expected:
    """What the metrics must say: `counts`, and up to `uncertain` more. `unsettled` tells what is still to end."""

    counts: Counts
    uncertain: Counts = field(default_factory=Counts)
    unsettled: list[str] = field(default_factory=list)


class Tally:
    """Calls by what became of them. An answer says how a call was recorded. A call that its client gave up, or that
    was cut off by the end of its server, has no answer: of those the ledger tells, where there is one.

    Used from one event loop.
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self.answered = Counts()
        self.problems: list[str] = []
        self._ledger = ledger
        self._calls = 0
        self._open: dict[int, str] = {}
        self._given_up: dict[int, str] = {}

    @property
    def cut_off(self) -> int:
        """How many calls have neither been answered nor given up; once all clients have ended, those cut off."""
        return len(self._open)

    @property
    def given_up(self) -> int:
        """How many calls the clients gave up."""
        return len(self._given_up)

    def begin(self, name: str) -> int:
        """Notes a call that is about to be made, under the name it will be recorded by; its number."""
        number = self._calls
        self._calls += 1
        self._open[number] = name
        return number

    def answer(self, number: int, outcome: str) -> None:
        """Notes an answer. It comes after the record, so that the ledger must have the same already."""
        name = self._open.pop(number)
        self.answered[name, outcome] += 1
        entry = None if self._ledger is None else self._ledger.read(number)
        if self._ledger is not None and (entry is None or entry[1:] != (Stage.RECORDED, outcome)):
            self.problems.append(f"call {number} of {name} was answered with {outcome}; the ledger has {entry}")

    def give_up(self, number: int) -> None:
        """Notes that the client cancels the call."""
        self._given_up[number] = self._open.pop(number)

    def expected(self, alive: Container[int] = ()) -> Expected:
        """What the metrics must say, with the numbers of the workers that are alive.

        Without a ledger, every call that was given up counts as cancelled: its server is there to notice.
        """
        expected = Expected(Counts(self.answered))
        if self._ledger is None:
            expected.counts.update((name, "cancelled") for name in self._given_up.values())
            return expected
        for number, name in (self._open | self._given_up).items():
            entry = self._ledger.read(number)
            if entry is None:
                continue
            if entry.stage is Stage.RECORDED:
                expected.counts[name, entry.outcome] += 1
            elif entry.worker in alive:
                expected.unsettled.append(f"call {number} of {name} still runs, in worker {entry.worker}")
            elif entry.stage is Stage.ENDING:
                expected.uncertain[name, entry.outcome] += 1
        return expected
