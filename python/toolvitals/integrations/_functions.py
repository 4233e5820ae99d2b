"""What a call of an MCP component runs in the end, and which of it `@toolvitals.tool` records as well."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from toolvitals._backend import core

__all__ = ["FRAMEWORKS", "Underneath"]

# Packages whose own functions stand around those of the user, and whose exceptions around what those raise.
FRAMEWORKS = ("mcp.server.", "fastmcp.")

# Decorators upon decorators; what is deeper than this is a cycle.
DEPTH_MAX = 100


@dataclass(frozen=True)
class Underneath:
    """What stands under a component of a server, as far as the server tells.

    Attributes:
        functions: what it calls, the innermost last.
        names: where they cannot be seen, the names that the call may be recorded under further in.
    """

    functions: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()

    def recorded_here(self) -> AbstractContextManager[Any]:
        """Inside it, decorators around these functions run them and leave the recording to the server."""
        handles = [handle for handle in map(_handle_of, self.functions) if handle is not None]
        handles += [handle for handle in map(_existing_handle, self.names) if handle is not None]
        return core.RecordedElsewhere(handles) if handles else nullcontext()

    def leads_to(self, name: str, further_in: Underneath) -> bool:
        """Whether a call of this component is on its way when one of that name is seen further in."""
        if self.functions:
            return bool(further_in.functions) and self.functions[-1] is further_in.functions[-1]
        return name in self.names


def _handle_of(function: Any) -> core.ToolMetrics | None:
    """The handle of the outermost decorator: one that stands under another one records attempts, say, and goes on."""
    try:
        handles = (getattr(layer, "__vitals__", None) for layer in _layers(function))
        return next((handle for handle in handles if isinstance(handle, core.ToolMetrics)), None)
    except Exception:
        # The attributes of a callable object may be anything. Recording must not break the call it records.
        return None


def _layers(function: Any) -> Iterator[Any]:
    """The function and what it stands for: the inside of decorators, methods, partials and callable objects."""
    for _ in range(DEPTH_MAX):
        if function is None:
            return
        yield function
        function = _inside(function)


def _inside(function: Any) -> Any:
    if isinstance(function, (functools.partial, functools.partialmethod)):
        return function.func
    for name in ("__wrapped__", "__func__"):
        inner = getattr(function, name, None)
        if inner is not None:
            return inner
    if getattr(function, "__globals__", {}).get("__name__", "").startswith(FRAMEWORKS):
        return _closed_over(function)
    call = inspect.getattr_static(type(function), "__call__", None)
    return call if hasattr(call, "__code__") or hasattr(call, "__vitals__") else None


def _closed_over(function: Any) -> Any:
    """The function that a framework's own handler was made for."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    return next((cells[name].cell_contents for name in ("fn", "func") if name in cells), None)


_existing: dict[str, core.ToolMetrics] = {}


def _existing_handle(name: str) -> core.ToolMetrics | None:
    """The handle of a tool that is there already; asking must not add one."""
    handle = _existing.get(name)
    if handle is None and core.PerformanceMetricsCollector().get_tool_metrics(name) is not None:
        handle = core.PerformanceMetricsCollector().tool(name)
        _existing[name] = handle
    return handle
