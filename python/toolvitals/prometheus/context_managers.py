"""What `.time()`, `.count_exceptions()` and `.track_inprogress()` return: context managers that decorate as well.

A decorated coroutine, generator or asynchronous generator is measured from its first step to its last, where
prometheus_client measures how long it takes to make one. Decorated functions keep their name, documentation, signature
and kind.
"""

from __future__ import annotations

import functools
import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Literal, TypeVar

__all__ = ["ExceptionCounter", "InprogressTracker", "Timer"]

F = TypeVar("F", bound=Callable[..., Any])


class _Around(ABC):
    """Something that surrounds a block, and, as a decorator, each call of a function."""

    @abstractmethod
    def _for_call(self) -> AbstractContextManager[Any]:
        """What surrounds one call; calls may overlap."""

    def __call__(self, f: F) -> F:
        decorated: F = _decorated(f, self._for_call)
        return decorated


class ExceptionCounter(_Around):
    """Counts the exceptions of some types that leave a block; they go on as they are. Thread-safe."""

    def __init__(self, counter: Any, exception: type[BaseException] | tuple[type[BaseException], ...]) -> None:
        self._counter = counter
        self._exception = exception

    def __enter__(self) -> None:
        """Begins the block."""

    def __exit__(
        self, typ: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        if isinstance(value, self._exception):
            self._counter.inc()
        return False

    def _for_call(self) -> ExceptionCounter:
        return self


class InprogressTracker(_Around):
    """Adds one to a gauge for as long as a block runs. Thread-safe."""

    def __init__(self, gauge: Any) -> None:
        self._gauge = gauge

    def __enter__(self) -> None:
        self._gauge.inc()

    def __exit__(
        self, typ: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._gauge.dec()

    def _for_call(self) -> InprogressTracker:
        return self


class Timer(_Around):
    """Hands the duration of a block, in seconds by a monotonic clock, to a method of a metric.

    In a `with` block `labels()` may choose the child that gets it, until the block ends; `duration` is what it got. One
    timer measures one block at a time; calls of a decorated function may overlap.
    """

    def __init__(self, metric: Any, callback_name: str) -> None:
        self._metric = metric
        self._callback_name = callback_name
        self._start = 0.0
        self.duration: float | None = None

    def __enter__(self) -> Timer:
        self._start = time.perf_counter()
        return self

    def __exit__(
        self, typ: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.duration = max(time.perf_counter() - self._start, 0.0)
        getattr(self._metric, self._callback_name)(self.duration)

    def labels(self, *args: object, **kw: object) -> None:
        """Says by its labels which child of the metric gets the duration."""
        self._metric = self._metric.labels(*args, **kw)

    def _for_call(self) -> Timer:
        return self._new_timer()

    def _new_timer(self) -> Timer:
        """A timer of the same kind, for one call. Classes that take more than this one override it."""
        return type(self)(self._metric, self._callback_name)


def _decorated(function: Any, around: Callable[[], AbstractContextManager[Any]]) -> Any:
    """The function with a new context manager around each call of it."""
    wrapper: Any
    if inspect.iscoroutinefunction(function):

        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            with around():
                return await function(*args, **kwargs)

    elif inspect.isasyncgenfunction(function):

        async def wrapper(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with around():
                generator = function(*args, **kwargs)
                try:
                    item = await anext(generator)
                    while True:
                        try:
                            sent = yield item
                        except GeneratorExit:  # noqa: PERF203 - each step may be thrown into
                            raise
                        except BaseException as error:
                            item = await generator.athrow(error)
                        else:
                            item = await generator.asend(sent)
                except StopAsyncIteration:
                    return
                finally:
                    await generator.aclose()

    elif inspect.isgeneratorfunction(function):

        def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with around():
                return (yield from function(*args, **kwargs))

    else:

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with around():
                return function(*args, **kwargs)

    return functools.wraps(function)(wrapper)
