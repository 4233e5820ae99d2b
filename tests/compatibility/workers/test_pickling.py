"""cloudpickle and dill: functions pickled by value, with their code and what they close over."""

from __future__ import annotations

import asyncio
import types
from pathlib import Path
from typing import Any

import cloudpickle
import dill
import pytest
from workers.program import run

FRAMEWORK = "cloudpickle, dill"
DISTRIBUTION = "cloudpickle"


def local_function(tool: Any) -> Any:
    """A function that cannot be imported, with a closure, a default and a recursion."""
    factor = 2

    @tool("local")
    def local(a: int, b: int = 5, *, c: int = 7) -> int:
        """Local."""
        return a * factor + b + c

    return local


def load_elsewhere(tool: Any, data: bytes, path: Path, *imports: str) -> object:
    """What a process of its own makes of a pickled function."""
    path.write_bytes(data)
    return run(tool, "load_pickled_program.py", str(path), *imports)


@pytest.mark.calls(2)
def test_cloudpickle(tool: Any) -> object:
    """cloudpickle: a local function by value; type, name, docstring and signature come with it."""
    import inspect

    local = local_function(tool)
    loaded = cloudpickle.loads(cloudpickle.dumps(local))
    said = type(loaded) is types.FunctionType, loaded.__name__, loaded.__doc__, str(inspect.signature(loaded))
    return said, local(1), loaded(1, c=0)


@pytest.mark.calls(1)
def test_cloudpickle_elsewhere(tool: Any, tmp_path: Path) -> object:
    """cloudpickle: a local function is called, and recorded, in another process."""
    return load_elsewhere(tool, cloudpickle.dumps(local_function(tool)), tmp_path / f"pickled-{tool.decorated}")


@pytest.mark.calls(4)
def test_cloudpickle_kinds(tool: Any) -> object:
    """cloudpickle: a class with methods that are tools, a coroutine function, a generator function, a partial."""
    import functools

    class Tools:
        @tool("method")
        def method(self, a: int) -> int:
            return a

        @tool("static")
        @staticmethod
        def static(a: int) -> int:
            return a

    async def later(a: int) -> int:
        return a

    def numbers(n: int) -> Any:
        yield from range(n)

    def copied(thing: Any) -> Any:
        return cloudpickle.loads(cloudpickle.dumps(thing))

    twin = copied(Tools)
    return (
        copied(Tools().method)(1),
        twin.static(2),
        asyncio.run(copied(tool(later))(3)),
        list(copied(functools.partial(tool(numbers), 2))()),
    )


@pytest.mark.calls(2)
def test_dill(tool: Any) -> object:
    """dill: a local function by value."""
    local = local_function(tool)
    loaded = dill.loads(dill.dumps(local, recurse=True))
    return type(loaded) is types.FunctionType, loaded.__name__, local(1), loaded(1)


@pytest.mark.calls(1)
def test_dill_elsewhere(tool: Any, tmp_path: Path) -> object:
    """dill: a local function is called, and recorded, in another process."""
    data = dill.dumps(local_function(tool), recurse=True)
    return load_elsewhere(tool, data, tmp_path / f"pickled-{tool.decorated}", "dill")
