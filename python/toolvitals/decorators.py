"""`tool` and `track`: what user code puts around its tools. The timing itself happens in the extension."""

from __future__ import annotations

import functools
import operator
import sys
import types
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, overload

from toolvitals import _backend
from toolvitals._backend import core
from toolvitals._kinds import (
    CO_ITERABLE_COROUTINE,
    is_async_generator_function,
    is_coroutine_function,
    is_generator_function,
)
from toolvitals._late import logger
from toolvitals._stand_in import stand_in
from toolvitals._wrappers import PARTIAL, around, kind_of_wrapper

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
    it returns; mark it with `inspect.markcoroutinefunction` to have the awaiting timed.

    One call counts once. Of two decorators directly on each other the outer one's name holds, and the inner one's where
    the outer has none. Where another decorator stands between them, a second one of the same name adds nothing, and one
    of another name is another tool: `search` around a retry, say, and `search_attempt` under it.

    Returns what it was given: for a function a function, with the same signature, name, docstring, annotations, code
    flags, pickling and binding, and the bare one under `__wrapped__`; for a method, partial, static or class method the
    same; for any other callable object one that has its class, attributes and binding. With
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
    from toolvitals import _noop  # which hardly any process needs beside the core

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
    if isinstance(function, type):
        raise TypeError(f"@tool cannot decorate the class {function.__qualname__}; decorate its methods")
    kind = kind_of_wrapper(function)
    if kind is not None:
        inner = function.func if issubclass(kind, PARTIAL) else function.__func__
        recorded = _decorate(inner, name=name)
        return function if recorded is inner else around(function, kind, recorded)
    _refuse_what_is_no_call(function)
    wanted = _name_of(function) if name is None else name
    recorder = core.recorder_of(function)
    if recorder is not None:
        if name is None or name == recorder.__vitals__.name:
            return function
        function = recorder.__wrapped__
    elif _recorded_below(function, wanted):
        return function
    handle = core.PerformanceMetricsCollector().tool(wanted)
    return _instrumented(function, handle)


def _refuse_what_is_no_call(function: Any) -> None:
    """Raises TypeError for what is never called: plain values, and descriptors that give values instead of methods."""
    if callable(function):
        return
    kind = type(function)
    if isinstance(function, (property, functools.cached_property)) or "property" in kind.__name__.lower():
        raise TypeError(f"@tool cannot decorate a {kind.__name__}; decorate its function, below @{kind.__name__}")
    if not hasattr(kind, "__get__") or hasattr(kind, "__set__") or hasattr(kind, "__delete__"):
        raise TypeError(f"@tool decorates callables, not {function!r}")


def _tell_uncallable(instrumented: Any, given: object) -> None:
    """Called when a descriptor that could have been of a method turns out to be of a value."""
    message = (
        f"{instrumented!r} gives {type(given).__name__} objects, which cannot be called: "
        "nothing is recorded. Put @tool below the decorator that makes it"
    )
    if _backend.strict():
        raise TypeError(message)
    logger().warning(message)


def _instrumented(function: Any, handle: core.ToolMetrics) -> Any:
    kind = _kind_of(function)
    if type(function) is not types.FunctionType:
        from toolvitals._callable_types import callable_type

        instrumented = callable_type(function)(function, handle, kind)
        _imitate_function(instrumented, function)
        return instrumented
    made = stand_in(function, core.FunctionRecorder(function, handle, kind))
    made.__dict__["__vitals__"] = handle
    return core.record_function(made)


# Deeper than any stack of decorators; objects that answer to every attribute have no end.
_LAYERS_MAX = 64


def _recorded_below(function: Any, name: str) -> bool:
    """Whether a decorator under other decorators records these calls under that name already."""
    for _ in range(_LAYERS_MAX):
        inner = getattr(function, "__func__", None) or getattr(function, "__wrapped__", None)
        if inner is None or not _can_call(function, inner):
            return False
        recorder = core.recorder_of(inner)
        if recorder is not None and recorder.__vitals__.name == name:
            return True
        function = inner
    return False


def _can_call(function: Any, inner: Any) -> bool:
    """Whether a function has the one under `__wrapped__` to call: an override that only borrows its name does not."""
    if type(function) is not types.FunctionType:
        return True
    return any(_content(cell) is inner for cell in function.__closure__ or ())


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # It is empty.
        return None


def _name_of(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        name = getattr(getattr(function, "func", None), "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def _kind_of(function: Any) -> int:
    """Which of the core's kinds it is, as `inspect` tells of the callable or of its class's `__call__`."""
    for candidate in (function, _call_method(function), _described_function(function)):
        if candidate is None:
            continue
        if is_coroutine_function(candidate) or _is_generator_based_coroutine(candidate):
            return core.COROUTINE
        if is_async_generator_function(candidate):
            return core.ASYNC_GENERATOR
        if is_generator_function(candidate):
            return core.GENERATOR
    return core.SYNC


def _call_method(function: Any) -> Any:
    """The `__call__` of an object's class; None for functions, methods and what else inspect knows by itself."""
    if type(function) is types.FunctionType:
        return None
    import inspect

    if inspect.isroutine(function):
        return None
    while isinstance(function, functools.partial):
        function = function.func
    call = inspect.getattr_static(type(function), "__call__", None)
    return call if isinstance(call, types.FunctionType) else None


def _described_function(function: Any) -> Any:
    """The function in a descriptor that cannot be called itself, a `functools.singledispatchmethod` say."""
    return None if callable(function) else getattr(function, "func", None) or getattr(function, "__func__", None)


def _is_generator_based_coroutine(function: Any) -> bool:
    """Whether `types.coroutine` made it: a generator function whose generators can be awaited."""
    while isinstance(function, (functools.partial, types.MethodType)):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    code = getattr(function, "__code__", None)
    return isinstance(code, types.CodeType) and bool(code.co_flags & CO_ITERABLE_COROUTINE)


def _imitate_function(instrumented: Any, function: Any) -> None:
    """Lets inspect see what a callable object is.

    Frameworks ask a bare object's `__call__` whether it is a coroutine function; inspect, asked about the object, looks
    where functions have it: the code flags.
    """
    call = _call_method(function)
    if call is None or isinstance(function, types.FunctionType):
        return
    own = vars(instrumented)
    for attribute in ("__code__", "__defaults__", "__kwdefaults__", "__annotations__"):
        own[attribute] = getattr(call, attribute)
    for attribute in ("__name__", "__qualname__"):
        if not isinstance(own.get(attribute), str):
            own[attribute] = getattr(type(function), attribute)


# What pickles say of recorders and handles. A process in which nothing is recorded gets the bare callables.


def _handle_named(name: str) -> core.ToolMetrics:
    return core.PerformanceMetricsCollector().tool(name)


def _function_recorder(wrapped: Any, name: str, kind: int) -> Any:
    return core.FunctionRecorder(wrapped, _handle_named(name), kind) if _backend.enabled() else wrapped


def _instrumented_callable(wrapped: Any, name: str) -> Any:
    return _instrumented(wrapped, _handle_named(name)) if _backend.enabled() else wrapped


def _reduce_callable(instrumented: Any) -> Any:
    """By name where a module has this very object under it, as functions are pickled; else by its parts."""
    module, name = getattr(instrumented, "__module__", None), getattr(instrumented, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str):
        try:
            if operator.attrgetter(name)(sys.modules[module]) is instrumented:
                return name
        except (AttributeError, KeyError):
            pass
    return _instrumented_callable, (instrumented.__wrapped__, instrumented.__vitals__.name)
