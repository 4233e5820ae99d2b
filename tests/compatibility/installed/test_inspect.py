"""inspect and types: what a decorated function is."""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import pydoc
import textwrap
import types
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

FRAMEWORK = "inspect, types"
DISTRIBUTION = None

QUESTIONS = [
    inspect.isfunction,
    inspect.isroutine,
    inspect.ismethod,
    inspect.ismethoddescriptor,
    inspect.isdatadescriptor,
    inspect.isbuiltin,
    inspect.isclass,
    inspect.isgeneratorfunction,
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
    inspect.isabstract,
    callable,
]


def function(a: int, /, b: str = "x", *args: float, c: bool = False, **kwargs: Any) -> tuple[Any, ...]:
    """What the function does."""
    return a, b, args, c, kwargs


async def coroutine_function(a: int) -> int:
    """What the coroutine does."""
    return a


def generator_function(n: int) -> Iterator[int]:
    """What the generator does."""
    yield from range(n)


async def async_generator_function(n: int) -> AsyncIterator[int]:
    """What the async generator does."""
    for i in range(n):
        yield i


KINDS = [function, coroutine_function, generator_function, async_generator_function]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
no_call = pytest.mark.calls(0)


@no_call
@kinds
def test_type(tool: Any, kind: Callable[..., Any]) -> object:
    """`type(f)` is `types.FunctionType`, and so says `isinstance`."""
    decorated = tool(kind)
    assert type(decorated) is types.FunctionType
    return type(decorated), isinstance(decorated, types.FunctionType), decorated.__class__


@no_call
@kinds
def test_questions(tool: Any, kind: Callable[..., Any]) -> object:
    """`inspect.isfunction`, `isroutine`, `iscoroutinefunction` and the other questions."""
    decorated = tool(kind)
    return [question(decorated) for question in QUESTIONS]


@no_call
@kinds
def test_attributes(tool: Any, kind: Callable[..., Any]) -> object:
    """`__code__`, `__defaults__`, `__kwdefaults__`, `__closure__`, `__globals__`, of the unwrapped function."""
    decorated = inspect.unwrap(tool(kind))
    return (
        decorated.__code__,
        decorated.__defaults__,
        decorated.__kwdefaults__,
        decorated.__closure__,
        decorated.__globals__ is globals(),
    )


@no_call
@kinds
def test_metadata(tool: Any, kind: Callable[..., Any]) -> object:
    """`__name__`, `__qualname__`, `__module__`, `__doc__`, `__annotations__`, `__defaults__`, `__kwdefaults__`."""
    decorated = tool(kind)
    names = ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__", "__defaults__", "__kwdefaults__")
    return [getattr(decorated, name) for name in names]


@no_call
@kinds
def test_code_flags(tool: Any, kind: Callable[..., Any]) -> object:
    """`__code__` is a code object whose flags say the same kind."""
    code = tool(kind).__code__
    flags = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
    assert isinstance(code, types.CodeType)
    return code.co_flags & flags


@no_call
@kinds
def test_signature(tool: Any, kind: Callable[..., Any]) -> object:
    """`inspect.signature`, with strings evaluated and not, and `getfullargspec`."""
    decorated = tool(kind)
    return inspect.signature(decorated), inspect.signature(decorated, eval_str=True), inspect.getfullargspec(decorated)


@no_call
def test_signature_not_followed(tool: Any) -> object:
    """`inspect.signature(follow_wrapped=False)`, by which some ask for arguments."""
    return inspect.signature(tool(function), follow_wrapped=False)


@no_call
@kinds
def test_source(tool: Any, kind: Callable[..., Any]) -> object:
    """`inspect.getsource`, `getsourcefile`, `getsourcelines`, `getfile`, `getmodule`, `getdoc`, `getcomments`."""
    decorated = tool(kind)
    linecache.checkcache()
    return (
        inspect.getsource(decorated),
        inspect.getsourcefile(decorated),
        inspect.getsourcelines(decorated),
        inspect.getfile(decorated),
        inspect.getmodule(decorated),
        inspect.getdoc(decorated),
        inspect.getcomments(decorated),
    )


@no_call
def test_tree(tool: Any) -> object:
    """`ast.parse` of the source, and `dis` of the unwrapped function."""
    decorated = tool(function)
    tree = ast.dump(ast.parse(textwrap.dedent(inspect.getsource(decorated))))
    return tree, [step.opname for step in dis.get_instructions(inspect.unwrap(decorated))]


@no_call
def test_members(tool: Any) -> object:
    """`inspect.getmembers(C, inspect.isfunction)`, `getmembers_static`'s way, `classify_class_attrs`, `vars`."""

    class Tools:
        @tool
        def method(self) -> int:
            return 1

        @tool
        async def async_method(self) -> int:
            return 1

        @tool
        @staticmethod
        def outer_static() -> int:
            return 1

        @staticmethod
        @tool
        def inner_static() -> int:
            return 1

        @tool
        @classmethod
        def outer_class(cls) -> int:
            return 1

        @classmethod
        @tool
        def inner_class(cls) -> int:
            return 1

    functions = [name for name, _ in inspect.getmembers(Tools, inspect.isfunction)]
    methods = [name for name, _ in inspect.getmembers(Tools(), inspect.ismethod)]
    routines = [name for name, _ in inspect.getmembers(Tools, inspect.isroutine) if not name.startswith("__")]
    kinds = {entry.name: entry.kind for entry in inspect.classify_class_attrs(Tools) if not entry.name.startswith("__")}
    types_of = {name: type(value) for name, value in vars(Tools).items() if not name.startswith("__")}
    return functions, methods, routines, kinds, types_of


@pytest.mark.calls(3)
def test_binding(tool: Any) -> object:
    """`__get__` gives `types.MethodType` with `__self__` and `__func__`, and from a class the function itself."""

    class Tools:
        @tool
        def method(self, a: int) -> int:
            return a

    tools = Tools()
    bound = tools.method
    by_hand = types.MethodType(Tools.method, tools)
    got = Tools.method.__get__(tools, Tools)
    return (
        type(bound),
        bound.__self__ is tools,
        bound.__func__ is Tools.method,
        Tools.method.__get__(None, Tools) is Tools.method,
        bound == got == by_hand,
        [bound(1), by_hand(2), got(3)],
    )


@pytest.mark.calls(4)
@kinds
def test_bind_arguments(tool: Any, kind: Callable[..., Any]) -> object:
    """Wrong arguments raise the same TypeError, at the same moment."""
    decorated = tool(kind)
    said = []
    for args, kwargs in (((), {}), ((1, 2, 3), {"a": 1}), ((), {"zzz": 2}), ((1,), {"n": 2})):
        try:
            result = decorated(*args, **kwargs)
        except TypeError as error:
            said.append(str(error))
        else:
            said.append(type(result).__name__)
            getattr(result, "close", lambda: None)()
    return said


@no_call
def test_closure(tool: Any) -> object:
    """`inspect.getclosurevars` of the unwrapped function, and `__closure__` that is a tuple of cells."""
    factor = 3

    @tool
    def scale(a: int) -> int:
        return a * factor

    closure = scale.__closure__
    assert isinstance(closure, tuple)
    assert all(isinstance(cell, types.CellType) for cell in closure)
    return inspect.getclosurevars(inspect.unwrap(scale)).nonlocals


@pytest.mark.calls(2)
def test_copied_function(tool: Any) -> object:
    """A function made anew of `__code__`, `__globals__`, `__closure__` and defaults, as metaprogramming does."""
    factor = 2

    @tool
    def scale(a: int, b: int = 5, *, c: int = 7) -> int:
        return a * factor + b + c

    twin = types.FunctionType(scale.__code__, scale.__globals__, "twin", scale.__defaults__, scale.__closure__)
    twin.__kwdefaults__ = scale.__kwdefaults__
    return scale(1), twin(1, c=0), twin.__name__


@pytest.mark.calls(2)
def test_assigned_attributes(tool: Any) -> object:
    """`__name__`, `__doc__`, `__annotations__`, `__dict__` can be set and read back."""
    decorated = tool(function)
    original = function.__name__, function.__doc__
    if not tool.decorated:
        decorated = types.FunctionType(function.__code__, function.__globals__, "function", function.__defaults__)
        decorated.__kwdefaults__ = function.__kwdefaults__
    decorated.__name__ = "renamed"
    decorated.__qualname__ = "Somewhere.renamed"
    decorated.__doc__ = "Said anew."
    decorated.version = 3
    decorated.__annotations__ = {"a": "str"}
    assert (function.__name__, function.__doc__) == original
    return (
        decorated.__name__,
        decorated.__qualname__,
        decorated.__doc__,
        decorated.version,
        decorated.__annotations__,
        decorated(1),
        decorated(2, "y"),
    )


@no_call
def test_documentation(tool: Any) -> object:
    """`pydoc.render_doc` of a class with tools, and `help` of a tool."""

    class Tools:
        """Tools."""

        @tool
        def method(self, a: int = 3) -> int:
            """What the method does."""
            return a

        @tool
        @staticmethod
        def static(a: int) -> int:
            """What it does."""
            return a

    return pydoc.plain(pydoc.render_doc(Tools)), pydoc.plain(pydoc.render_doc(tool(function)))


@no_call
def test_representation(tool: Any) -> object:
    """`repr` says function, method, and the qualified name."""

    class Tools:
        @tool
        def method(self) -> None: ...

    def shown(thing: object) -> str:
        return repr(thing).split(" at 0x")[0]

    return shown(tool(function)), shown(Tools.method), shown(Tools().method)


@pytest.mark.calls(3)
def test_equality(tool: Any) -> object:
    """Identity, equality and hash, of functions and of bound methods."""

    class Tools:
        @tool
        def method(self) -> int:
            return 1

    tools = Tools()
    known = {tools.method: "method", Tools.method: "function"}
    return (
        tools.method == tools.method,
        Tools.method is Tools.method,
        tools.method == Tools().method,
        known[tools.method],
        known[Tools.method],
        Tools.method == function,
        tools.method() + Tools.method(tools) + Tools().method(),
    )
