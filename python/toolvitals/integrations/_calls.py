"""One call of an MCP component, recorded: what all the MCP adapters share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeVar

import toolvitals

__all__ = ["TOOL_ERROR", "note", "observe", "returned_error", "type_name_of"]

T = TypeVar("T")

TOOL_ERROR = "tool_error"

# Packages whose own exceptions only wrap what a tool raised, when they name a cause.
_FRAMEWORKS = ("mcp.server.", "fastmcp.")

# Reading the name through the slot of `type` cannot run code of a hostile metaclass.
_read_type_name: Callable[[type[BaseException]], str] = type.__dict__["__name__"].__get__


class _Call:
    """A call under way. Layers of one framework that see the same call add what they know instead of counting it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.raised: str | None = None
        self.finished = False


_current: ContextVar[_Call | None] = ContextVar("toolvitals_mcp_call", default=None)


async def observe(name: str, run: Callable[[], Awaitable[T]]) -> T:
    """Awaits run() and records it under the name, unless a surrounding layer already records this very call."""
    surrounding = _current.get()
    if surrounding is not None and surrounding.name == name and not surrounding.finished:
        return await _annotate(surrounding, run)
    call = _Call(name)
    token = _current.set(call)
    try:
        return await _record(call, run)
    finally:
        # A task that the tool left behind inherits the context; its later calls are calls of their own.
        call.finished = True
        _current.reset(token)


def note(error: BaseException) -> None:
    """Tells the call under way, if any, which exception its error result stands for."""
    call = _current.get()
    if call is not None:
        call.raised = type_name_of(error)


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
        inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if inner is None or id(inner) in seen or not isinstance(inner, Exception):
            break
        seen.add(id(inner))
        error = inner
    return _read_type_name(type(error))


def _raised_by_framework(error: BaseException) -> bool:
    """Whether the frame that raised it belongs to a server framework rather than to a tool."""
    module = _raising_module(error.__traceback__)
    return module.startswith(_FRAMEWORKS)


def _raising_module(traceback: TracebackType | None) -> str:
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    name = traceback.tb_frame.f_globals.get("__name__", "")
    return name if isinstance(name, str) else ""
