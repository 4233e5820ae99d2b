"""What is put under load: one server process, or many behind one port. The rest of the demo knows no difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from rich.console import RenderableType
from tests.demo.sessions import RunUser, run_in_one_session
from tests.demo.tally import Expected, Tally

from toolvitals.snapshot import Snapshot

__all__ = ["OneProcess", "Service"]


class Service(Protocol):
    """Used from one event loop, in which begin() and end() come first and last."""

    @property
    def addresses(self) -> Mapping[str, str]:
        """Of the MCP server (`mcp`) and the endpoints (`json`, `prometheus`)."""
        ...

    @property
    def tally(self) -> Tally:
        """Where the clients note their calls."""
        ...

    @property
    def run_user(self) -> RunUser:
        """How clients keep their sessions with it."""
        ...

    @property
    def tries(self) -> int:
        """How often a reader asks until it is answered."""
        ...

    async def begin(self) -> None:
        """Waits until it serves; RuntimeError where it cannot."""
        ...

    def failed(self) -> bool:
        """Whether something ended that nobody meant to end."""
        ...

    async def calm(self) -> list[str]:
        """Leaves its processes alone from now on; a line for each thing that went wrong so far."""
        ...

    async def end(self) -> None:
        """Ends its processes."""
        ...

    def expected(self) -> Expected:
        """What the metrics must say."""
        ...

    def processes(self) -> set[int]:
        """The processes that share the endpoints, each of which must say the same; none where only one could answer."""
        ...

    def tables(self, metrics: Snapshot) -> list[RenderableType]:
        """What there is to show beside the metrics."""
        ...

    def summary(self, expected: Expected) -> str:
        """The last words of a run in which all counts agree."""
        ...


class OneProcess:
    """A server process that others began and end."""

    tries = 1
    run_user = staticmethod(run_in_one_session)

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses
        self.tally = Tally()

    async def begin(self) -> None:
        """It serves already."""

    def failed(self) -> bool:
        """Its clients notice."""
        return False

    async def calm(self) -> list[str]:
        """Nobody disturbs it."""
        return []

    async def end(self) -> None:
        """Left to those who began it."""

    def expected(self) -> Expected:
        """What the clients have counted."""
        return self.tally.expected()

    def processes(self) -> set[int]:
        """Nobody to be told apart."""
        return set()

    def tables(self, metrics: Snapshot) -> list[RenderableType]:
        """Nothing: its metrics tell all."""
        return []

    def summary(self, expected: Expected) -> str:
        """How many calls agree."""
        calls = sum(expected.counts.values())
        return f"{calls} calls: the clients' counts and both endpoints agree, for every tool and outcome."
