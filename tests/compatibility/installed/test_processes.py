"""multiprocessing and concurrent.futures: tools in other processes and threads."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
from typing import Any

import pytest
from targets import Adder, add, bare_add, counted

FRAMEWORK = "multiprocessing, concurrent.futures"
DISTRIBUTION = None

# A fresh interpreter has to import what it runs; the three ways are alike to a function that is pickled.
WAYS = ["spawn", "forkserver", "fork"]


@pytest.mark.calls(2)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_pool(tool: Any, way: str) -> object:
    """`multiprocessing.Pool`, started by spawn, forkserver and fork: a function and a bound method."""
    function = add if tool.decorated else bare_add
    adder = Adder(10)
    method = adder.add if tool.decorated else adder.bare_add
    with multiprocessing.get_context(way).Pool(1) as pool:
        results = pool.starmap(counted, [(function, 1, 2), (method, 3)])
    # What a forked child records is at its parent without further ado.
    for _, calls in results if way != "fork" else ():
        tool.elsewhere(calls)
    return [value for value, _ in results]


@pytest.mark.calls(2)
def test_process_pool(tool: Any) -> object:
    """`ProcessPoolExecutor` with spawn: `submit` and `map`."""
    function = add if tool.decorated else bare_add
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        results = [executor.submit(counted, function, 1).result(100), *executor.map(counted, [function], [2])]
    for _, calls in results:
        tool.elsewhere(calls)
    return [value for value, _ in results]


@pytest.mark.calls(8)
def test_thread_pool(tool: Any) -> object:
    """`ThreadPoolExecutor`: `submit`, `map`, `add_done_callback`, `initializer`."""
    seen = []
    initializer = tool("initializer")(lambda: seen.append("ready"))
    with concurrent.futures.ThreadPoolExecutor(1, initializer=initializer) as executor:
        future = executor.submit(tool("submitted")(lambda a, b: a + b), 1, b=2)
        future.add_done_callback(tool("done")(lambda future: seen.append(future.result())))
        mapped = list(executor.map(tool("mapped")(lambda a: a * a), range(5)))
    return future.result(), mapped, seen
