"""One operation that is under way, from its start to its record."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Operation"]

F = TypeVar("F", bound=Callable[..., Any])

# Reading the name through the slot of `type` cannot run code of a hostile metaclass.
_read_type_name: Callable[[type[BaseException]], str] = type.__dict__["__name__"].__get__


class Operation:
    """What `Client.track_operation()` returns: a block (`with`, `async with`) or a decorator.

    Within the block `object_key`, `object_size` in bytes, `operation_id` and `labels` may be set, as far as they are
    known only then. An exception makes the operation an error, with its class's name as `error`, and goes on unchanged.
    A block is one operation: each needs an object of its own, which one thread uses. A function that is decorated makes
    one for every call.
    """

    def __init__(
        self,
        record: Callable[..., object],
        operation_type: str,
        *,
        object_key: str | None = None,
        object_size: int | None = None,
        operation_id: str | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> None:
        """For Client.track_operation() alone, whose operation() is `record`."""
        self._record = record
        self.operation_type = operation_type
        self.object_key = object_key
        self.object_size = object_size
        self.operation_id = operation_id
        self.labels: dict[str, Any] = dict(labels or {})
        self._error: str | None = None
        self._start: datetime | None = None
        self._start_ns = 0

    def fail(self, error: str) -> None:
        """The operation is an error, though its block may end without an exception; `error` says which."""
        self._error = error

    def __enter__(self) -> Self:
        self._start = datetime.now(timezone.utc)
        self._start_ns = time.perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        duration_ms = (time.perf_counter_ns() - self._start_ns) / 1e6
        if kind is not None:
            self._error = _read_type_name(kind)
        self._record(
            self.operation_type,
            success=self._error is None,
            duration_ms=duration_ms,
            timestamp_start=self._start,
            timestamp_end=datetime.now(timezone.utc),
            object_key=self.object_key,
            object_size=self.object_size,
            operation_id=self.operation_id,
            error=self._error,
            labels=self.labels,
        )

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Has every call of a function or a coroutine function recorded. TypeError for a generator function."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator function: track a block in it instead")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return call_async  # type: ignore[return-value]

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    def _again(self) -> Operation:
        return Operation(
            self._record,
            self.operation_type,
            object_key=self.object_key,
            object_size=self.object_size,
            operation_id=self.operation_id,
            labels=self.labels,
        )
