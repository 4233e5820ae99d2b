"""What `@tool` adds to a call, of every kind, beside the floors of the interpreter. Needs nothing but toolvitals."""

from __future__ import annotations

import json
import platform
import sys
import time
from typing import Any

import toolvitals as tv
from benchmarks.python.floor import empty_c_call
from benchmarks.python.timing import Effort, Subject, measure

__all__ = ["KINDS", "run"]

# Each is measured bare and decorated; the statement of both, and whether it awaits.
KINDS = {
    "function": ("f()", False),
    "function with keywords": ("f(1, b=2)", False),
    "method": ("f.method()", False),
    "static method": ("f.static()", False),
    "class method": ("f.of_class()", False),
    "coroutine": ("await f()", True),
    "generator": ("for _ in f(): pass", False),
    "async generator": ("async for _ in f(): pass", True),
}


def _bare(function: Any) -> Any:
    return function


def _callables(tool: Any) -> dict[str, Any]:
    """What the statements call, under a decorator."""

    def empty() -> None:
        pass

    def keywords(a: int, b: int) -> None:
        pass

    async def coroutine() -> None:
        pass

    def generator() -> Any:
        yield

    async def async_generator() -> Any:
        yield

    class Tools:
        @tool
        def method(self) -> None:
            pass

        @staticmethod
        @tool
        def static() -> None:
            pass

        @classmethod
        @tool
        def of_class(cls) -> None:
            pass

    tools = Tools()
    return {
        "function": tool(empty),
        "function with keywords": tool(keywords),
        "method": tools,
        "static method": tools,
        "class method": tools,
        "coroutine": tool(coroutine),
        "generator": tool(generator),
        "async generator": tool(async_generator),
    }


def run(quick: bool) -> dict[str, float]:
    """Nanoseconds by subject, the best round: two floors, and each kind bare and decorated."""
    function, _ = empty_c_call()
    subjects = [
        Subject("empty C function", "f()", {"f": function}),
        Subject("perf_counter_ns", "f()", {"f": time.perf_counter_ns}),
    ]
    for prefix, tool in (("bare", _bare), ("@tool", tv.tool)):
        called = _callables(tool)
        for kind, (statement, is_async) in KINDS.items():
            subjects.append(Subject(f"{prefix} {kind}", statement, {"f": called[kind]}, is_async))
    # Many short rounds: some of them find the processor to themselves, also on a busy machine.
    effort = Effort.of(quick) if quick else Effort(rounds=600, round_ns=400_000)
    return {name: timing.best for name, timing in measure(subjects, effort).items()}


if __name__ == "__main__":
    print(json.dumps({"python": platform.python_version(), "best": run("--quick" in sys.argv)}))
