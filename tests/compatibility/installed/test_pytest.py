"""pytest: tests, fixtures and hooks that are tools, in a run of its own."""

from __future__ import annotations

from typing import Any

import pytest

FRAMEWORK = "pytest"
DISTRIBUTION = "pytest"

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest
{tool}

@pytest.fixture
@tool("number")
def number():
    return 3

@pytest.fixture(params=[1, 2])
@tool("closed")
def closed(request, number):
    yield request.param + number

@tool("hook")
def pytest_collection_modifyitems(session, config, items):
    items.reverse()

def pytest_unconfigure(config):
    from pathlib import Path
    Path("recorded").write_text(str(recorded()))
"""
TESTS = """
import pytest
from conftest import tool

@tool("test")
def test_function(closed, monkeypatch):
    assert closed in (4, 5)

@pytest.mark.parametrize("a", [1, 2, 3])
@tool("parametrized")
def test_parametrized(a):
    assert a < 3, a

class TestClass:
    @tool("method")
    def test_method(self, number):
        assert number == 3
"""
BARE = "def tool(name): return lambda f: f\ndef recorded(): return 0"
DECORATED = """
from toolvitals import tool, get_collector
def recorded():
    return sum(tool["total_calls"] for tool in get_collector().get_all_metrics()["tools"].values())
"""


@pytest.mark.calls(12)
def test_run(tool: Any, pytester: pytest.Pytester) -> object:
    """Test functions, parametrized ones and methods, fixtures with and without `yield`, a hook; nothing is missed."""
    pytester.makeconftest(CONFTEST.format(tool=DECORATED if tool.decorated else BARE))
    pytester.makepyfile(test_inner=TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", "-rA", "-p", "no:xdist")
    tool.elsewhere(int((pytester.path / "recorded").read_text()))
    lines = [line for line in result.outlines if line.startswith(("PASSED", "FAILED", "ERROR", "E  "))]
    return result.parseoutcomes() | {"lines": lines}
