"""unittest and its mocks, doctest."""

from __future__ import annotations

import doctest
import inspect
import io
import types
import unittest
from typing import Any
from unittest import mock

import pytest
import targets

FRAMEWORK = "unittest, doctest"
DISTRIBUTION = None


@pytest.mark.calls(0)
def test_patch_autospec(tool: Any) -> object:
    """`mock.patch(autospec=True)` of a module's tool: a function that checks its arguments."""
    name = "targets.add" if tool.decorated else "targets.bare_add"
    with mock.patch(name, autospec=True) as patched:
        patched.return_value = 9
        said = [type(patched) is types.FunctionType, str(inspect.signature(patched))]
        function = targets.add if tool.decorated else targets.bare_add
        said.append(function(1, b=2))
        try:
            function(1, 2, 3)
        except TypeError as error:
            said.append(str(error))
        patched.assert_called_once_with(1, b=2)
        patched.assert_called_once_with(1, 2)
    return said


@pytest.mark.calls(1)
def test_patch_object_autospec(tool: Any) -> object:
    """`mock.patch.object(autospec=True)` of methods, which get `self`, also async, static and class methods."""

    class Tools:
        @tool
        def method(self, a: int) -> int:
            return a

        @tool
        async def async_method(self, a: int) -> int:
            return a

        @tool
        @staticmethod
        def static(a: int) -> int:
            return a

        @tool
        @classmethod
        def of_class(cls, a: int) -> int:
            return a

    tools = Tools()
    with mock.patch.object(Tools, "method", autospec=True) as method:
        tools.method(1)
        method.assert_called_once_with(tools, 1)
    with mock.patch.object(Tools, "async_method", autospec=True) as async_method:
        kinds = inspect.iscoroutinefunction(async_method), type(async_method) is types.FunctionType
    with mock.patch.object(Tools, "static", autospec=True) as static:
        tools.static(3)
        static.assert_called_once_with(3)
    with mock.patch.object(Tools, "of_class", autospec=True) as of_class:
        tools.of_class(4)
        of_class.assert_called_once_with(4)
    return kinds, tools.method(5)


@pytest.mark.calls(0)
def test_create_autospec(tool: Any) -> object:
    """`create_autospec` of a function, a coroutine function and a class with tools."""

    async def later(a: int) -> int:
        return a

    class Tools:
        @tool
        def method(self, a: int) -> int:
            return a

        @tool
        async def async_method(self, a: int) -> int:
            return a

    spec = mock.create_autospec(tool(lambda a, b=1: a))
    async_spec = mock.create_autospec(tool(later))
    instance = mock.create_autospec(Tools, instance=True)
    said: list[Any] = [type(spec) is types.FunctionType, inspect.iscoroutinefunction(async_spec)]
    said.append(type(instance.async_method).__name__)
    for call in (lambda: spec(), lambda: instance.method(), lambda: instance.method(1, 2)):
        try:
            call()
        except TypeError as error:
            said.append(str(error))
    return said


@pytest.mark.calls(2)
def test_mock_wraps_and_side_effect(tool: Any) -> object:
    """`Mock(wraps=tool)`, `Mock(side_effect=tool)`, `AsyncMock`'s child for a coroutine function in a spec."""

    class Tools:
        @tool
        async def work(self) -> int:
            return 1

    double = tool("double")(lambda a: a * 2)
    return (
        mock.Mock(wraps=double)(2),
        mock.Mock(side_effect=double)(3),
        isinstance(mock.MagicMock(spec=Tools).work, mock.AsyncMock),
    )


@pytest.mark.calls(0)
def test_patched_decorator(tool: Any) -> object:
    """`mock.patch` as a decorator over a test that is a tool, and `seal`."""

    @mock.patch("targets.Adder")
    @mock.patch("targets.counted")
    def arguments(first: Any, second: Any) -> int:
        return len({id(first), id(second)})

    spec = mock.create_autospec(tool(lambda a: a))
    mock.seal(spec)
    return arguments()


@pytest.mark.calls(4)
def test_test_case(tool: Any) -> object:
    """Test methods, `setUp` and async tests that are tools, found and run by unittest."""

    class Case(unittest.IsolatedAsyncioTestCase):
        @tool("set_up")
        def setUp(self) -> None:
            self.ready = True

        @tool("sync_test")
        def test_sync(self) -> None:
            self.assertTrue(self.ready)

        @tool("async_test")
        async def test_async(self) -> None:
            self.assertTrue(self.ready)

    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Case)
    result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
    return result.testsRun, len(result.failures), len(result.errors)


@pytest.mark.calls(2)
def test_doctest(tool: Any) -> object:
    """Examples in the docstring of a tool and of a method that is one, found and run by doctest."""
    module = types.ModuleType("documented")

    @tool("double")
    def double(a: int) -> int:
        """Doubles.

        >>> double(2)
        4
        """
        return a * 2

    class Tools:
        @tool("triple")
        def triple(self, a: int) -> int:
            """Triples.

            >>> Tools().triple(2)
            6
            """
            return a * 3

    # Doctest takes only what was defined in the module that it looks at.
    module.__dict__.update(double=double, Tools=Tools)
    for thing in (double, Tools, Tools.triple):
        thing.__module__ = "documented"
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(verbose=False)
    found = finder.find(module, "documented", module=False, globs=vars(module))
    for test in found:
        runner.run(test, out=lambda text: None)
    return sorted(test.name for test in found if test.examples), runner.summarize(verbose=False)


@pytest.mark.calls(0)
def test_doctest_lines(tool: Any) -> object:
    """Doctest knows the line of a tool's docstring in its module."""
    finder = doctest.DocTestFinder(exclude_empty=False)
    name = "add" if tool.decorated else "bare_add"
    tests = {test.name: test.lineno for test in finder.find(targets, "targets")}
    line = inspect.getsourcelines(getattr(targets, name))[1]
    return f"targets.{name}" in tests, tests[f"targets.{name}"] is not None and tests[f"targets.{name}"] >= line
