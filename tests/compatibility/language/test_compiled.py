"""Functions that are compiled: by Cython, mypyc and Numba."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

FRAMEWORK = "Cython, mypyc, Numba"
DISTRIBUTION = "Cython"

SOURCE = Path(__file__).with_name("compiled_source.py")
# What each compiler is told, by a build script of its own.
SCRIPTS = {
    "cython": "from Cython.Build import cythonize\nextensions = cythonize(['compiled_cython.py'], language_level=3)\n",
    "mypyc": "from mypyc.build import mypycify\nextensions = mypycify(['compiled_mypyc.py'])\n",
}


def compiled(compiler: str, folder: Path) -> types.ModuleType:
    """The module that a compiler makes, compiled when it is first asked for."""
    name = f"compiled_{compiler}"
    if name not in sys.modules:
        source = folder / f"{name}.py"
        source.write_text(SOURCE.read_text())
        setup = "from setuptools import setup\nsetup(name='compiled', py_modules=[], ext_modules=extensions)\n"
        (folder / "setup.py").write_text(SCRIPTS[compiler] + setup)
        command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=os.environ | {"CFLAGS": "-O0"})
        # The source beside it would be found first otherwise.
        source.unlink()
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        importlib.import_module(name)
        sys.path.remove(str(folder))
    return sys.modules[name]


def tried(tool: Any, module: types.ModuleType) -> object:
    """Calls everything that the module has."""

    method = tool("method")(module.Tools().method)
    add, later, numbers = tool(module.add), tool(module.later), tool(module.numbers)
    with pytest.raises(KeyError):
        tool(module.fails)()
    results = later(3), numbers(2)
    kinds = [[inspect.isawaitable(each), hasattr(each, "send"), hasattr(each, "throw")] for each in results]
    said = add(1), add(1, b=5), asyncio.run(as_coroutine(results[0])), list(results[1]), method(2)
    return said, kinds, add.__name__, add.__doc__, asyncio.iscoroutinefunction(later)


async def as_coroutine(awaitable: Any) -> Any:
    """Awaits, for what is no coroutine."""
    return await awaitable


@pytest.mark.calls(6)
def test_cython(tool: Any, tmp_path: Path) -> object:
    """Functions, methods, coroutines and generators that Cython compiled."""
    return tried(tool, compiled("cython", tmp_path))


@pytest.mark.calls(6)
def test_mypyc(tool: Any, tmp_path: Path) -> object:
    """Functions, methods, coroutines and generators that mypyc compiled."""
    return tried(tool, compiled("mypyc", tmp_path))


@pytest.mark.calls(2)
def test_numba(tool: Any) -> object:
    """A tool over Numba's `njit` and `vectorize`; the other way around nothing could be compiled."""
    import numba

    def add(a: int, b: int) -> int:
        return a + b

    return tool("njit")(numba.njit(add))(1, 2), float(tool("vectorize")(numba.vectorize(add))(1.0, 2.0))


@pytest.mark.calls(3)
def test_numba_object_mode(tool: Any) -> object:
    """A tool that is called by compiled code in Numba's object mode."""
    import numba

    noted = tool(lambda a: a + 1)
    globals()["noted"] = noted

    @numba.jit(forceobj=True)
    def loop(n: int) -> int:
        total = 0
        for i in range(n):
            total += noted(i)
        return total

    return loop(3)
