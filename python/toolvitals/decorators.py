"""`tool` and `track`: what user code puts around its tools. The timing itself happens in the extension."""

from __future__ import annotations

import asyncio
import functools
import inspect
import types
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, overload

from toolvitals import _backend, _noop
from toolvitals._backend import core

__all__ = ["tool", "track"]

F = TypeVar("F", bound=Callable[..., Any])
D = TypeVar("D", bound="classmethod[Any, Any, Any] | functools.partialmethod[Any]")


class ToolDecorator(Protocol):
    """What `tool("name")` returns: gives back the very type that it is put on."""

    @overload
    def __call__(self, function: F, /) -> F: ...
    @overload
    def __call__(self, function: D, /) -> D: ...


@overload
def tool(function: F, /, *, name: str | None = None) -> F: ...
@overload
def tool(function: D, /, *, name: str | None = None) -> D: ...
@overload
def tool(function: str | None = None, /) -> ToolDecorator: ...
@overload
def tool(*, name: str | None = None) -> ToolDecorator: ...


def tool(function: Any = None, /, *, name: str | None = None) -> Any:
    """Records every call of a function: `@tool`, `@tool()`, `@tool("name")` or `@tool(name="name")`.

    `function` may be a function, coroutine function, generator or async generator function, a method, static or class
    method (above or below that decorator), a `functools.partial`, or any other callable object. `name` is 1 to 256
    bytes of UTF-8, by default the function's `__name__` (of an object without one, its class's).

    A call that returns counts as successful, one that raises an `Exception` as failed under the exception's class, and
    one that ends with another BaseException (CancelledError, GeneratorExit, KeyboardInterrupt) as cancelled. A
    generator's call lasts from its first step to its last. A plain function that hands out an awaitable is timed until
    it returns; mark it with `inspect.markcoroutinefunction` to have the awaiting timed. Two decorators record twice.

    Returns a callable with the same signature, name, docstring, annotations, pickling and binding; with
    `PERFORMANCE_METRICS_ENABLED=false` the function itself. Raises TypeError for what cannot be called and for a class
    (decorate its methods), TypeError or ValueError for a bad name. Thread-safe, both the decorator and what it returns.
    """
    if isinstance(function, str):
        if name is not None:
            raise TypeError("tool() was given two names")
        return functools.partial(_decorate, name=function)
    if function is None:
        return functools.partial(_decorate, name=name)
    return _decorate(function, name=name)


def track(name: str) -> core.Track:
    """Records a block of code as one call of a tool: `with track("parse"):`, or `async with`.

    `name` is 1 to 256 bytes of UTF-8. Never raises over a bad name: the record is dropped and counted, unless
    TOOLVITALS_STRICT is set (TypeError, ValueError). `fail(error_type)` on what `with` gives counts a block that ends
    normally as failed. Thread-safe; each block needs its own object.
    """
    try:
        handle = _handles.get(name) or _handle(name)
    except (TypeError, ValueError) as error:
        return _dropped(name, error)
    return core.Track(handle)


# Spares a block the look-up under the collector's mutex. Names past the series budget, which have no handle of their
# own, are left out, so the budget bounds this as well.
_handles: dict[str, core.ToolMetrics] = {}


def _handle(name: str) -> core.ToolMetrics:
    handle = core.PerformanceMetricsCollector().tool(name)
    if _backend.recording and handle.name == name:
        _handles[name] = handle
    return handle


def _dropped(name: object, error: Exception) -> core.Track:
    if _backend.strict():
        raise error
    core.count_dropped(_reason(name))
    return cast("core.Track", _noop.Track(_noop.ToolMetrics("")))


def _reason(name: object) -> str:
    if not isinstance(name, str):
        return "name_type"
    if not name:
        return "name_empty"
    try:
        return "name_too_long" if len(name.encode()) > 256 else "name_encoding"
    except UnicodeEncodeError:
        return "name_encoding"


def _decorate(function: Any, /, *, name: str | None) -> Any:
    if not _backend.enabled():
        return function
    if inspect.isclass(function):
        raise TypeError(f"@tool cannot decorate the class {function.__qualname__}; decorate its methods")
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_decorate(function.__func__, name=name))
    if isinstance(function, functools.partialmethod):
        return functools.partialmethod(_decorate(function.func, name=name), *function.args, **function.keywords)
    if isinstance(function, property):
        raise TypeError("@tool cannot decorate a property; decorate its getter, below @property")
    if not callable(function):
        raise TypeError(f"@tool decorates callables, not {function!r}")
    handle = core.PerformanceMetricsCollector().tool(_name_of(function) if name is None else name)
    if type(function) is functools.partial:
        return _partial(function, handle)
    instrumented = core.InstrumentedTool(function, handle, _kind_of(function))
    _imitate_function(instrumented, function)
    return instrumented


def _partial(partial: functools.partial[Any], handle: core.ToolMetrics) -> Any:
    """A partial around the recorded function: to `inspect` it is the kind of callable that the bare one was."""
    inner = core.InstrumentedTool(partial.func, handle, _kind_of(partial.func))
    _imitate_function(inner, partial.func)
    outer = functools.partial(inner, *partial.args, **partial.keywords)
    outer.__dict__.update(partial.__dict__, __wrapped__=partial)
    return outer


def _name_of(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def _kind_of(function: Any) -> int:
    """Which of the core's kinds it is, as `inspect` tells of the callable or of its class's `__call__`."""
    for candidate in (function, _call_method(function)):
        if candidate is None:
            continue
        if inspect.iscoroutinefunction(candidate) or _is_generator_based_coroutine(candidate):
            return core.COROUTINE
        if inspect.isasyncgenfunction(candidate):
            return core.ASYNC_GENERATOR
        if inspect.isgeneratorfunction(candidate):
            return core.GENERATOR
    return core.SYNC


def _call_method(function: Any) -> Any:
    """The `__call__` of an object's class; None for functions, methods and what else inspect knows by itself."""
    if inspect.isroutine(function) or isinstance(function, core.InstrumentedTool):
        return None
    while isinstance(function, functools.partial):
        function = function.func
    call = inspect.getattr_static(type(function), "__call__", None)
    return call if inspect.isfunction(call) or isinstance(call, core.InstrumentedTool) else None


def _is_generator_based_coroutine(function: Any) -> bool:
    """Whether `types.coroutine` made it: a generator function whose generators can be awaited."""
    while isinstance(function, (functools.partial, types.MethodType)):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    code = getattr(function, "__code__", None)
    return isinstance(code, types.CodeType) and bool(code.co_flags & inspect.CO_ITERABLE_COROUTINE)


def _imitate_function(instrumented: Any, function: Any) -> None:
    """Lets inspect see what a callable object is.

    Frameworks ask a bare object's `__call__` whether it is a coroutine function; that of the instrumented one is the
    extension's. So the answer is given where inspect looks at functions: the code flags.
    """
    call = _call_method(function)
    if call is None or inspect.isfunction(function):
        return
    for attribute in ("__code__", "__defaults__", "__kwdefaults__", "__annotations__"):
        setattr(instrumented, attribute, getattr(call, attribute))
    for attribute in ("__name__", "__qualname__"):
        if not isinstance(getattr(instrumented, attribute, None), str):
            setattr(instrumented, attribute, getattr(type(function), attribute))
    if inspect.iscoroutinefunction(call):
        mark = getattr(inspect, "markcoroutinefunction", None)
        if mark is not None:
            mark(instrumented)
        else:
            # Before Python 3.12 only asyncio had a mark.
            instrumented._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]
