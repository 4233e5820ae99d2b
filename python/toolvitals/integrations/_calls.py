"""One call of an MCP component, recorded: what all the MCP adapters share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

import toolvitals
from toolvitals.integrations._functions import FRAMEWORKS, Underneath

__all__ = ["TOOL_ERROR", "note", "observe", "returned_error", "type_name_of"]

T = TypeVar("T")

TOOL_ERROR = "tool_error"

# Before Python 3.11 asyncio had one of its own.
_TIMEOUTS = (TimeoutError, asyncio.TimeoutError)

# Reading the name through the slot of `type` cannot run code of a hostile metaclass.
_read_type_name: Callable[[type[BaseException]], str] = type.__dict__["__name__"].__get__


class _Call:
    """A call under way. Layers of one framework that see the same call add what they know instead of counting it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.raised: str | None = None
        self.finished = False


@dataclass(frozen=True)
class _Layer:
    """How far a call has come: the places that have seen it, and what stands under the last of them."""

    call: _Call
    places: tuple[object, ...]
    underneath: Underneath

    def goes_on_at(self, place: object, name: str, underneath: Underneath) -> bool:
        """Whether what is seen at the place is this call, on its way to its function, and no call of the function's."""
        if self.call.finished or any(place is seen for seen in self.places):
            return False
        return self.underneath.leads_to(name, underneath)


_current: ContextVar[_Layer | None] = ContextVar("toolvitals_mcp_call", default=None)


async def observe(name: str, run: Callable[[], Awaitable[T]], *, place: object, underneath: Underneath) -> T:
    """Awaits run() and records it under the name, unless a layer further out already records this very call.

    Args:
        name: what clients call the component.
        run: handles the call.
        place: what sees the call, a middleware, say: no call comes by one place twice.
        underneath: what the component runs; decorators among it leave the recording to this.
    """
    outer = _current.get()
    if outer is not None and outer.goes_on_at(place, name, underneath):
        with _at(_Layer(outer.call, (*outer.places, place), underneath)):
            return await _annotate(outer.call, run)
    call = _Call(name)
    try:
        with _at(_Layer(call, (place,), underneath)):
            return await _record(call, run)
    finally:
        # A task that the tool left behind inherits the context; its later calls are calls of their own.
        call.finished = True


@contextmanager
def _at(layer: _Layer) -> Iterator[None]:
    token = _current.set(layer)
    try:
        with layer.underneath.recorded_here():
            yield
    finally:
        _current.reset(token)


def note(error: BaseException) -> None:
    """Tells the call under way, if any, which exception its error result stands for."""
    layer = _current.get()
    if layer is not None:
        layer.call.raised = type_name_of(error)


async def _annotate(call: _Call, run: Callable[[], Awaitable[T]]) -> T:
    try:
        return await run()
    except Exception as error:
        call.raised = type_name_of(error)
        raise


async def _record(call: _Call, run: Callable[[], Awaitable[T]]) -> T:
    with toolvitals.track(call.name) as tracked:
        try:
            result = await run()
        except Exception as error:
            # Track would name the class of the framework's wrapper; the tool's own class is the one of interest.
            tracked.fail(type_name_of(error))
            failure = error
        else:
            if returned_error(result):
                tracked.fail(call.raised or TOOL_ERROR)
            return result
    try:
        raise failure
    finally:
        del failure  # The exception holds this frame: without this they would keep each other alive.


def returned_error(result: Any) -> bool:
    """Whether a result says isError, as the wire's dictionary or as a model of any version of the SDKs."""
    if isinstance(result, dict):
        return result.get("isError") is True
    for holder in (result, getattr(result, "root", None)):
        # The newer name first: asking a newer model for the older one is deprecated there.
        flag = getattr(holder, "is_error", None)
        if (getattr(holder, "isError", None) if flag is None else flag) is True:
            return True
    return False


def type_name_of(error: BaseException) -> str:
    """The class name of what the tool raised, under the wrappers that a framework put around it."""
    seen = {id(error)}
    while _raised_by_framework(error):
        inner = _wrapped_in(error)
        if inner is None or id(inner) in seen or not isinstance(inner, Exception):
            break
        seen.add(id(inner))
        error = inner
    return _read_type_name(type(error))


def _wrapped_in(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    # A framework that has run out of patience with a tool hides the TimeoutError behind an error for the client.
    if error.__suppress_context__ and not isinstance(error.__context__, _TIMEOUTS):
        return None
    return error.__context__


def _raised_by_framework(error: BaseException) -> bool:
    """Whether the frame that raised it belongs to a server framework rather than to a tool."""
    module = _raising_module(error.__traceback__)
    return module.startswith(FRAMEWORKS)


def _raising_module(traceback: TracebackType | None) -> str:
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    name = traceback.tb_frame.f_globals.get("__name__", "")
    return name if isinstance(name, str) else ""
