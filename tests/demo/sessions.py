"""The sessions in which a user makes requests: one for all of them, or a new one whenever the server goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from mcp import Client
from mcp.types.version import LATEST_MODERN_VERSION
from tests.demo.clients import User
from tests.demo.cuts import is_cut

__all__ = ["RunUser", "run_in_many_sessions", "run_in_one_session"]

PAUSE_SECONDS = 0.02

RunUser = Callable[[str, int, User, asyncio.Event], Awaitable[None]]
"""Takes the server's address, the user's number, the user and the event that tells it to stop."""


async def run_in_one_session(url: str, number: int, user: User, stop: asyncio.Event) -> None:
    """Sends requests until told to stop. Every other user speaks the protocol of before mcp 2."""
    async with Client(url, mode="legacy" if number % 2 else "auto", cache=None) as client:
        while not stop.is_set():
            await user.act(client)
            await _pause(user)


async def run_in_many_sessions(url: str, number: int, user: User, stop: asyncio.Event) -> None:
    """Sends requests until told to stop. One that a killed server did not answer is sent again, in a new session.

    All users speak the newest protocol: a session of before mcp 2 belongs to one process, and behind a port that many
    processes share the next connection reaches another one.
    """
    while not stop.is_set():
        before = None
        try:
            async with Client(url, mode=LATEST_MODERN_VERSION, cache=None) as client:
                while not stop.is_set():
                    before = user.dice.getstate()
                    await user.act(client)
                    before = None
                    await _pause(user)
        except Exception as error:
            if not is_cut(error):
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        if before is not None:
            user.dice.setstate(before)  # What is drawn next is the same request.


async def _pause(user: User) -> None:
    await asyncio.sleep(user.dice.expovariate(1 / PAUSE_SECONDS))
