"""_kinds: what inspect says, with and without asking it."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from typing import Any

import pytest

from toolvitals import _kinds


def plain() -> None: ...


async def coroutine() -> None: ...


def generator() -> Any:
    yield


async def async_generator() -> Any:
    yield


@types.coroutine
def generator_based() -> Any:
    yield


class Thing:
    def __call__(self) -> None: ...

    async def method(self) -> None: ...


def _marked() -> Any:
    def marked() -> None: ...

    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(marked)
    return marked


CANDIDATES = [
    *(
        plain,
        coroutine,
        generator,
        async_generator,
        generator_based,
        Thing,
        Thing(),
        Thing().method,
        Thing.method,
        len,
        3,
    ),
    *(functools.partial(each) for each in (plain, coroutine, generator, async_generator)),
    functools.wraps(coroutine)(lambda: None),
    _marked(),
]


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_it_says_what_inspect_says(candidate: Any) -> None:
    assert _kinds.is_coroutine_function(candidate) is inspect.iscoroutinefunction(candidate)
    assert _kinds.is_generator_function(candidate) is inspect.isgeneratorfunction(candidate)
    assert _kinds.is_async_generator_function(candidate) is inspect.isasyncgenfunction(candidate)


def test_flags_are_those_of_inspect() -> None:
    for name in _kinds.__all__:
        if name.startswith("CO_"):
            assert getattr(_kinds, name) == getattr(inspect, name, 0), name
