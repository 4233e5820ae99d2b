"""What workers acknowledge: a file in which every call that a client has numbered has a word of eight bytes.

A kill can come at any instant, so the word says how far its call came, and in whose hands. What is written stays when
its writer is killed, because the pages are the kernel's.

| stage | what it says of the metrics, should the worker be killed now |
| --- | --- |
| no word | the call never began: it is not counted |
| BEGUN | it had no outcome: it is not counted |
| ENDING | it was being recorded with this outcome: it may be counted |
| RECORDED | it is counted, with this outcome |
"""

from __future__ import annotations

import enum
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from mcp.server import MCPServer

__all__ = ["CALL_KEY", "Entry", "Ledger", "Stage", "acknowledge"]

CALL_KEY = "toolvitals.demo/call"
"""The key of a request's `_meta` under which its client writes the call's number."""

_WORD = 8
_OUTCOMES = ("success", "error", "cancelled")


class Stage(enum.IntEnum):
    """How far a call came."""

    BEGUN = 1
    ENDING = 2
    RECORDED = 3


class Entry(NamedTuple):
    """A word of the ledger. Workers are numbered from 1, each life of one anew; BEGUN has no outcome yet."""

    worker: int
    stage: Stage
    outcome: str = _OUTCOMES[0]


class Ledger:
    """The file. Processes share it: of each word one of them is the writer, and any may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def write(self, number: int, entry: Entry) -> None:
        """Writes the word of a call."""
        word = entry.worker << 16 | _OUTCOMES.index(entry.outcome) << 8 | entry.stage
        os.pwrite(self._descriptor, word.to_bytes(_WORD, "little"), number * _WORD)

    def read(self, number: int) -> Entry | None:
        """The word of a call; None where it never began."""
        word = int.from_bytes(os.pread(self._descriptor, _WORD, number * _WORD), "little")
        return Entry(word >> 16, Stage(word & 0xFF), _OUTCOMES[word >> 8 & 0xFF]) if word else None


def acknowledge(server: MCPServer[Any], ledger: Ledger, worker: int) -> None:
    """Has an instrumented server write its calls into the ledger: around the recorder and, once more, inside it."""
    server.middleware.insert(0, _Confirmation(ledger))
    server.middleware.insert(2, _Announcement(ledger, worker))


class _Announcement:
    """Stands inside the recorder: says that a call has begun, and what is going to be recorded of it."""

    def __init__(self, ledger: Ledger, worker: int) -> None:
        self._ledger = ledger
        self._worker = worker

    async def __call__(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        number = _number_of(ctx)
        if number is None:
            return await call_next(ctx)
        self._ledger.write(number, Entry(self._worker, Stage.BEGUN))
        outcome = "cancelled"
        try:
            result = await call_next(ctx)
            outcome = "error" if _says_error(result) else "success"
            return result
        except Exception:
            outcome = "error"
            raise
        finally:
            self._ledger.write(number, Entry(self._worker, Stage.ENDING, outcome))


class _Confirmation:
    """Stands around the recorder: says that what was announced is recorded."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def __call__(self, ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        number = _number_of(ctx)
        try:
            return await call_next(ctx)
        finally:
            entry = None if number is None else self._ledger.read(number)
            # Cancelled before the recorder had its name, a call is neither announced nor recorded.
            if number is not None and entry is not None and entry.stage is Stage.ENDING:
                self._ledger.write(number, entry._replace(stage=Stage.RECORDED))


def _number_of(ctx: Any) -> int | None:
    """The number that the client gave; None for what is not a numbered call, such as a list of tools."""
    number = (ctx.meta or {}).get(CALL_KEY)
    return number if isinstance(number, int) else None


def _says_error(result: Any) -> bool:
    """Whether a result is one of a tool that failed: the wire's dictionary, or the SDK's model of it."""
    flag = result.get("isError") if isinstance(result, dict) else getattr(result, "is_error", None)
    return flag is True
