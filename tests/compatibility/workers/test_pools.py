"""joblib with loky, Dask, Ray: functions sent to other processes and threads."""

from __future__ import annotations

from typing import Any

import dask
import joblib
import joblib.externals.loky
import pytest
from targets import Adder, add, bare_add, counted, recorded
from workers.program import run

FRAMEWORK = "joblib, Dask, Ray"
DISTRIBUTION = "joblib"


@pytest.mark.calls(4)
def test_loky(tool: Any) -> object:
    """joblib with loky: a function and a method of a module, a local function, sent to another process."""
    factor = 3

    @tool("local")
    def local(a: int) -> int:
        return a * factor

    function = add if tool.decorated else bare_add
    method = Adder(5).add if tool.decorated else Adder(5).bare_add
    with joblib.parallel_config(backend="loky", n_jobs=2):
        jobs = [(function, 1, 2), (method, 1), (local, 3)]
        results = joblib.Parallel()(joblib.delayed(counted)(*job) for job in jobs)
    executor = joblib.externals.loky.get_reusable_executor(max_workers=1)
    results.append(executor.submit(counted, function, 7).result(60))
    executor.shutdown()
    for _, calls in results:
        tool.elsewhere(calls)
    return [value for value, _ in results]


@pytest.mark.calls(4)
def test_joblib_delayed(tool: Any) -> object:
    """joblib: `delayed` of a tool itself, in threads."""
    double = tool(lambda a: a * 2)
    return joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(double)(i) for i in range(4))


@pytest.mark.calls(1)
def test_joblib_memory(tool: Any, tmp_path: Any) -> object:
    """joblib: `Memory.cache` reads the source of a tool to tell whether it changed."""

    @joblib.Memory(tmp_path / str(tool.decorated), verbose=0).cache
    @tool("costly")
    def costly(a: int) -> int:
        return a * 2

    return costly(1), costly(1), costly.check_call_in_cache(1)


@pytest.mark.calls(4)
def test_dask(tool: Any) -> object:
    """Dask: `delayed` over tools, whose names it derives, in threads."""
    add_two, total = dask.delayed(tool("add")(lambda a, b: a + b)), dask.delayed(tool("total")(sum))
    parts = [add_two(i, 1) for i in range(3)]
    return dask.compute(total(parts), scheduler="threads")[0]


@pytest.mark.calls(1)
def test_dask_processes(tool: Any) -> object:
    """Dask: a tool in another process."""
    function = add if tool.decorated else bare_add
    value, calls = dask.compute(dask.delayed(counted)(function, 1, 2), scheduler="processes", num_workers=1)[0]
    tool.elsewhere(calls)
    return value


@pytest.mark.calls(0)
def test_ray_remote(tool: Any) -> object:
    """Ray: `ray.remote` takes functions and classes, and asks what it was given."""
    import ray

    class Tools:
        @tool
        def method(self) -> int:
            return 1

    return type(ray.remote(tool(lambda a: a))).__name__, type(ray.remote(num_cpus=1)(Tools)).__name__, recorded() and 0


@pytest.mark.timeout(300)
@pytest.mark.calls(2)
def test_ray_actor(tool: Any) -> object:
    """Ray: an actor's methods, sync and async, called in its process."""
    return run(tool, "ray_program.py", str(tool.decorated), timeout_s=280)
