"""Runs each case twice, with bare functions and with decorated ones, and holds that both give the same.

A case is a test that takes `tool`, puts it on functions as users put `toolvitals.tool`, and returns what came out. Its
docstring says what is tried. `@pytest.mark.calls(n)` says how many calls must be recorded, each once; 1 where it is
left out. `@pytest.mark.limit("why")` marks a case that is known to differ, and fails as soon as it does not.
"""

from __future__ import annotations

import gc
import importlib.metadata
import json
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from case_table import NOT_TRIED, tried

import toolvitals as tv


class Bare:
    """The decorator that does nothing, spelled in every way that `toolvitals.tool` can be."""

    decorated = False

    def __call__(self, function: Any = None, /, *, name: str | None = None) -> Any:
        return (lambda bare: bare) if function is None or isinstance(function, str) else function

    def elsewhere(self, calls: int) -> None:
        """Takes no notice."""


class Decorated:
    """`toolvitals.tool`, and the calls that other processes said they recorded."""

    decorated = True

    def __init__(self) -> None:
        self._elsewhere = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return tv.tool(*args, **kwargs)

    def elsewhere(self, calls: int) -> None:
        """Adds calls that another process recorded."""
        self._elsewhere += calls

    def recorded(self) -> int:
        """All calls recorded since the case began; none may be left in progress."""
        gc.collect()
        tools = tv.get_collector().get_all_metrics()["tools"]
        assert [name for name, metrics in tools.items() if metrics["in_progress"]] == []
        return self._elsewhere + sum(metrics["total_calls"] for metrics in tools.values())


@pytest.fixture
def tool() -> None:
    """Stands for the two decorators, which `pytest_pyfunc_call` hands out."""


def expected_calls(item: pytest.Item) -> int:
    """How many calls the case says that it makes."""
    marker = item.get_closest_marker("calls")
    return 1 if marker is None else int(marker.args[0])


def run_case(case: Callable[[Any], object], calls: int) -> None:
    """Holds the decorated run against the bare one."""
    bare = case(Bare())
    tv.get_collector().reset()
    # Garbage is looked for among what the case makes from here on, not among all that frameworks hold.
    gc.freeze()
    decorator = Decorated()
    decorated = case(decorator)
    assert decorated == bare
    assert decorator.recorded() == calls


def run_limit(case: Callable[[Any], object]) -> None:
    """Holds that a known difference is still there."""
    bare = case(Bare())
    try:
        decorated = case(Decorated())
    except Exception:
        return
    assert decorated != bare, "a limit no more: remove its mark"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if "tool" not in pyfuncitem.fixturenames:
        return None
    names = [name for name in pyfuncitem._fixtureinfo.argnames if name != "tool"]
    fixtures = {name: pyfuncitem.funcargs[name] for name in names}
    if pyfuncitem.config.getoption("bare"):
        pyfuncitem.obj(tool=Bare(), **fixtures)
    elif pyfuncitem.get_closest_marker("limit"):
        run_limit(lambda tool: pyfuncitem.obj(tool=tool, **fixtures))
    else:
        run_case(lambda tool: pyfuncitem.obj(tool=tool, **fixtures), expected_calls(pyfuncitem))
    return True


# --- The report that the table is made of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bare", action="store_true", help="run the cases without toolvitals only, to see that they work")
    parser.addoption("--compatibility-report", type=Path, metavar="FILE", help="write what the cases gave, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "calls(n): how many calls of tools a compatibility case makes")
    config.addinivalue_line("markers", "limit(why): a compatibility case that is known to differ")


def version_of(distribution: str | None) -> str:
    """The version that was tried; Python's own for what is in the standard library."""
    return platform.python_version() if distribution is None else importlib.metadata.version(distribution)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call" and isinstance(item, pytest.Function) and "tool" in item.fixturenames:
        module, case = item.module, item.function
        limit = item.get_closest_marker("limit")
        passed = "as without" if limit is None else f"differs: {limit.args[0]}"
        result = {"passed": passed, "skipped": NOT_TRIED}.get(report.outcome, "**fails**")
        item.config.stash.setdefault(RESULTS, []).append(
            {
                "framework": module.FRAMEWORK,
                "version": version_of(module.DISTRIBUTION),
                "tried": tried(case.__doc__),
                "calls": expected_calls(item),
                "result": result,
            }
        )
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("compatibility_report", None)
    if path is not None:
        path.write_text(json.dumps(session.config.stash.get(RESULTS, []), indent=1))


RESULTS: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
