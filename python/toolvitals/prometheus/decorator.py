"""Decorators that keep signatures, by the names under which prometheus_client carried them."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["contextmanager", "decorate", "decorator", "getfullargspec"]

contextmanager = contextlib.contextmanager


def getfullargspec(func: Callable[..., Any]) -> inspect.FullArgSpec:
    """What `inspect` tells of the arguments of a function, of a decorated one too."""
    return inspect.getfullargspec(inspect.unwrap(func))


def decorate(func: Callable[..., Any], caller: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the signature of `func` that calls `caller(func, *args, **kwargs)`."""

    @functools.wraps(func)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return caller(func, *args, **kwargs)

    return decorated


def decorator(caller: Callable[..., Any], _func: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Makes a decorator of `caller`; with a function, decorates that."""
    if _func is not None:
        return decorate(_func, caller)

    @functools.wraps(caller)
    def decorate_with_caller(func: Callable[..., Any]) -> Callable[..., Any]:
        return decorate(func, caller)

    return decorate_with_caller
