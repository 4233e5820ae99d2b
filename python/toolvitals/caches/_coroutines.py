"""`cached` around a coroutine function: tasks that miss the same entry at the same time share one computation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from toolvitals._backend import core

__all__ = ["wrap_coroutine"]

_ABSENT: Any = object()


class _Failure:
    """The exception of a computation, as it was when the computation ended.

    Those who wait all raise this one object, as those who await an asyncio.Future do. Each of them begins with what it
    was then: raising adds frames and a context, which would else be those of all who raised it before.
    """

    __slots__ = ("_chain", "_traceback", "error")

    def __init__(self, error: Exception) -> None:
        self.error = error
        self._traceback = error.__traceback__
        # In this order: setting a cause suppresses the context.
        self._chain = {name: getattr(error, name) for name in ("__cause__", "__context__", "__suppress_context__")}

    def restored(self) -> Exception:
        for name, value in self._chain.items():
            object.__setattr__(self.error, name, value)  # also where the class lets nobody set its attributes
        return self.error.with_traceback(self._traceback)


class _Flight:
    """A computation under way on one event loop, and the tasks that wait for it."""

    __slots__ = ("done", "failure", "task", "value")

    def __init__(self, done: asyncio.Future[None], task: asyncio.Task[Any] | None) -> None:
        self.done = done
        self.task = task
        self.value: Any = _ABSENT
        self.failure: _Failure | None = None

    def land(self) -> None:
        if not self.done.done() and not self.done.get_loop().is_closed():
            self.done.set_result(None)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def wrap_coroutine(lru: core.Lru, function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[[], None]]:
    """A coroutine function that looks up in `lru` what it awaits of `function`, and what clears it."""
    return _looking_up(lru, function) if lru.keeps else _keeping_nothing(lru, function)


def _keeping_nothing(lru: core.Lru, function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[[], None]]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        lru.miss()
        return await function(*args, **kwargs)

    return wrapper, lru.clear


def _looking_up(lru: core.Lru, function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[[], None]]:
    # Those begun since the cache was cleared. Only the thread of the loop in the key touches an entry, so no lock is
    # needed.
    flights: dict[tuple[asyncio.AbstractEventLoop, core.CacheKey], _Flight] = {}

    def clear() -> None:
        nonlocal flights
        # What is under way serves those who wait for it, and nobody who comes now.
        flights = {}
        lru.clear()

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        found = lru.look_up(args, kwargs)
        if type(found) is not core.CacheKey:
            return found
        key, loop = found, _running_loop()
        while True:
            flight = flights.get((loop, key)) if loop is not None else None
            # A computation that needs its own result again must not wait for itself.
            if flight is None or flight.task is asyncio.current_task():
                lru.miss()
                return await (compute(key, args, kwargs) if loop is None or flight else lead(loop, key, args, kwargs))
            await asyncio.shield(flight.done)
            if flight.failure is not None:
                lru.miss()
                try:
                    raise flight.failure.restored()
                finally:
                    # The traceback holds this frame, which must not hold the exception in turn.
                    del flight
            if flight.value is not _ABSENT:
                lru.hit()
                return flight.value
            found = lru.find(key)
            if found is not key:
                return found

    async def compute(key: core.CacheKey, args: Any, kwargs: Any) -> Any:
        begun = flights
        value = await function(*args, **kwargs)
        if flights is begun:
            lru.keep(key, value)
            if flights is not begun:  # another thread cleared the cache in between
                lru.clear()
        return value

    async def lead(loop: asyncio.AbstractEventLoop, key: core.CacheKey, args: Any, kwargs: Any) -> Any:
        begun = flights
        flight = begun[loop, key] = _Flight(loop.create_future(), asyncio.current_task())
        try:
            flight.value = await compute(key, args, kwargs)
            return flight.value
        except Exception as error:
            flight.failure = _Failure(error)
            raise
        finally:
            # After a cancellation there is neither value nor failure, and one of those who wait begins anew.
            del begun[loop, key]
            flight.land()
            del flight

    return wrapper, clear
