"""decorators.py: what a decorated callable looks like, whatever kind it is."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import gc
import inspect
import operator
import pickle
import sys
import types
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from totals import calls

import toolvitals as tv

pytestmark = pytest.mark.usefixtures("from_zero")


def plain(a: int, /, b: str = "x", *args: float, c: bool = False, **kwargs: Any) -> tuple[Any, ...]:
    """What plain does."""
    return a, b, args, c, kwargs


async def coroutine(a: int) -> int:
    """What coroutine does."""
    await asyncio.sleep(0)
    return a


def generator(n: int) -> Iterator[int]:
    """What generator does."""
    yield from range(n)


async def async_generator(n: int) -> AsyncIterator[int]:
    """What async_generator does."""
    for i in range(n):
        yield i


@tv.tool
def pickled(a: int) -> int:
    return a + 1


class Tools:
    factor = 3

    @tv.tool("method")
    def method(self, a: int) -> int:
        return a * self.factor

    @tv.tool("outer_static")
    @staticmethod
    def outer_static(a: int) -> int:
        return a

    @staticmethod
    @tv.tool("inner_static")
    def inner_static(a: int) -> int:
        return a

    @tv.tool("outer_class")
    @classmethod
    def outer_class(cls, a: int) -> tuple[str, int]:
        return cls.__name__, a

    @classmethod
    @tv.tool("inner_class")
    def inner_class(cls, a: int) -> tuple[str, int]:
        return cls.__name__, a

    @tv.tool("async_method")
    async def async_method(self, a: int) -> int:
        return a * self.factor

    @property
    @tv.tool("getter")
    def getter(self) -> int:
        return self.factor

    def base(self, a: int, b: int) -> tuple[int, int]:
        return a, b

    bound_later = tv.tool("partial_method")(functools.partialmethod(base, 1))


class Call:
    def __call__(self, a: int) -> int:
        return a


class AsyncCall:
    async def __call__(self, a: int) -> int:
        return a


class GeneratorCall:
    def __call__(self, n: int) -> Iterator[int]:
        yield from range(n)


@pytest.mark.parametrize("function", [plain, coroutine, generator, async_generator])
def test_it_looks_like_the_function(function: Callable[..., Any]) -> None:
    decorated = tv.tool(function)
    for attribute in (
        "__name__",
        "__qualname__",
        "__module__",
        "__doc__",
        "__annotations__",
        "__defaults__",
        "__kwdefaults__",
        "__globals__",
    ):
        assert getattr(decorated, attribute) == getattr(function, attribute), attribute
    for attribute in ("co_filename", "co_firstlineno", "co_argcount", "co_posonlyargcount"):
        assert getattr(decorated.__code__, attribute) == getattr(function.__code__, attribute), attribute
    flags = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
    assert decorated.__code__.co_flags & flags == function.__code__.co_flags & flags
    assert type(decorated) is types.FunctionType
    assert inspect.isfunction(decorated)
    assert inspect.isroutine(decorated)
    assert inspect.signature(decorated) == inspect.signature(function)
    assert inspect.signature(decorated, follow_wrapped=False) == inspect.signature(function)
    assert inspect.getfullargspec(decorated) == inspect.getfullargspec(function)
    assert inspect.getsourcefile(decorated) == inspect.getsourcefile(function)
    assert inspect.getdoc(decorated) == inspect.getdoc(function)
    assert inspect.getsource(decorated) == inspect.getsource(function)
    assert inspect.unwrap(decorated) is function
    assert decorated.__wrapped__ is function  # type: ignore[attr-defined]
    assert callable(decorated)
    for question in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
        assert question(decorated) == question(function), question


def test_every_spelling_of_the_decorator() -> None:
    def f() -> str:
        return "f"

    for decorated, name in (
        (tv.tool(f), "f"),
        (tv.tool()(f), "f"),
        (tv.tool("positional")(f), "positional"),
        (tv.tool(name="keyword")(f), "keyword"),
        (tv.tool(f, name="both"), "both"),
    ):
        before = calls(name)
        assert decorated() == "f"
        assert calls(name) == before + 1


def test_a_decorated_tool_shows_before_its_first_call() -> None:
    tv.tool("never_called")(plain)
    assert calls("never_called") == 0


def test_arguments_pass_through() -> None:
    decorated = tv.tool(plain)
    assert decorated(1, "y", 2.0, 3.0, c=True, d=4) == (1, "y", (2.0, 3.0), True, {"d": 4})
    assert decorated(*range(20))[2] == tuple(range(2, 20))
    with pytest.raises(TypeError, match=r"plain\(\) missing 1 required positional argument: 'a'"):
        decorated(*())
    assert calls("plain") == 3
    with pytest.raises(TypeError, match=r"plain\(\) missing 1 required positional argument: 'a'"):
        decorated()  # type: ignore[call-arg]
    # CPython 3.11 binds the arguments of a call in Python code before anybody else sees it (docs/decisions/0035).
    assert calls("plain") == (3 if sys.version_info[:2] == (3, 11) else 4)


async def test_kinds_are_recorded() -> None:
    assert await tv.tool(coroutine)(7) == 7
    assert list(tv.tool(generator)(3)) == [0, 1, 2]
    assert [i async for i in tv.tool(async_generator)(3)] == [0, 1, 2]
    assert (calls("coroutine"), calls("generator"), calls("async_generator")) == (1, 1, 1)


async def test_methods_bind() -> None:
    tools = Tools()
    assert tools.method(2) == Tools.method(tools, 2) == 6
    assert inspect.ismethod(tools.method)
    assert tools.method.__self__ is tools  # type: ignore[attr-defined]
    assert list(inspect.signature(tools.method).parameters) == ["a"]
    assert tools.outer_static(1) == Tools.outer_static(1) == tools.inner_static(1) == 1
    assert tools.outer_class(1) == Tools.outer_class(1) == Tools.inner_class(1) == ("Tools", 1)
    assert isinstance(inspect.getattr_static(Tools, "outer_static"), staticmethod)
    assert isinstance(inspect.getattr_static(Tools, "outer_class"), classmethod)
    assert inspect.iscoroutinefunction(tools.async_method)
    assert await tools.async_method(2) == 6
    assert tools.getter == 3
    assert tools.bound_later(2) == (1, 2)

    class Derived(Tools):
        factor = 5

        @tv.tool("derived")
        def method(self, a: int) -> int:
            return super().method(a) + 1

    assert Derived().method(1) == 6
    assert Derived.outer_class(1)[0] == "Derived"
    for name, count in (("method", 3), ("outer_static", 2), ("outer_class", 3), ("getter", 1), ("partial_method", 1)):
        assert calls(name) == count, name


def test_abstract_methods_stay_abstract() -> None:
    import abc

    class Base(abc.ABC):
        @tv.tool
        @abc.abstractmethod
        def work(self) -> None: ...

    with pytest.raises(TypeError, match="abstract"):
        Base()  # type: ignore[abstract]


def test_bound_methods_and_builtins() -> None:
    class Counter:
        n = 0

        def count(self) -> int:
            self.n += 1
            return self.n

    counter = Counter()
    assert tv.tool(counter.count)() == 1
    assert calls("count") == 1
    assert tv.tool(len)([1, 2]) == 2
    assert calls("len") == 1
    assert tv.tool(operator.itemgetter(1), name="getter")([1, 2]) == 2
    assert tv.tool("append")([].append)(1) is None  # type: ignore[func-returns-value]


async def test_callable_objects() -> None:
    sync = tv.tool(Call())
    assert sync(3) == 3
    assert calls("Call") == 1
    decorated = tv.tool(AsyncCall())
    assert await decorated(4) == 4
    assert calls("AsyncCall") == 1
    assert inspect.iscoroutinefunction(decorated)
    assert list(inspect.signature(decorated).parameters) == ["a"]
    assert list(tv.tool(GeneratorCall())(2)) == [0, 1]


async def test_partials() -> None:
    bare = functools.partial(plain, 1, c=True)
    decorated = tv.tool(bare)
    assert decorated("y") == bare("y")
    assert inspect.signature(decorated) == inspect.signature(bare)
    assert isinstance(decorated, functools.partial)
    assert calls("plain") == 1
    lazy = tv.tool("lazy")(functools.partial(coroutine, 5))
    assert inspect.iscoroutinefunction(lazy)
    assert await lazy() == 5
    assert calls("lazy") == 1
    nested = tv.tool("nested")(functools.partial(functools.partial(generator), 2))
    assert list(nested()) == [0, 1]


def test_lambdas_take_their_name_or_one_given() -> None:
    assert tv.tool(lambda: 1)() == 1
    assert calls("<lambda>") == 1


async def test_generator_based_coroutines() -> None:
    @tv.tool
    @types.coroutine
    def old_style() -> Iterator[Any]:
        yield from asyncio.sleep(0).__await__()
        return 3  # type: ignore[return-value]

    assert await old_style() == 3  # type: ignore[misc]
    assert calls("old_style") == 1


@pytest.mark.skipif(sys.version_info < (3, 12), reason="inspect.markcoroutinefunction is new in Python 3.12")
async def test_marked_functions_count_as_coroutine_functions() -> None:
    def hands_out() -> Any:
        return coroutine(1)

    inspect.markcoroutinefunction(hands_out)  # type: ignore[attr-defined,unused-ignore]
    decorated = tv.tool(hands_out)
    assert inspect.iscoroutinefunction(decorated)
    assert await decorated() == 1


async def test_one_call_of_a_function_decorated_twice_counts_once() -> None:
    inner = tv.tool("inner")(coroutine)
    assert tv.tool(inner) is tv.tool("inner")(inner) is inner
    outer = tv.tool("outer")(inner)
    assert inspect.unwrap(outer) is coroutine
    assert await outer(1) == 1
    assert (calls("outer"), calls("inner")) == (1, 0)
    assert await inner(1) == 1
    assert (calls("outer"), calls("inner")) == (1, 1)
    for decorated in (functools.partial(coroutine, 1), AsyncCall(), coroutine.__call__):
        twice = tv.tool("outer")(tv.tool("inner")(decorated))
        await (twice() if isinstance(decorated, functools.partial) else twice(1))
    assert (calls("outer"), calls("inner")) == (4, 1)


def test_a_second_decorator_around_another_one_is_another_tool_only_under_another_name() -> None:
    def thrice(function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def wrapper(a: int) -> int:
            return function(function(function(a)))

        return wrapper

    same = tv.tool("attempt")(thrice(tv.tool("attempt")(lambda a: a + 1)))
    assert same(1) == 4
    assert calls("attempt") == 3
    other = tv.tool("all")(thrice(tv.tool("attempt")(lambda a: a + 1)))
    assert other(1) == 4
    assert (calls("all"), calls("attempt")) == (1, 6)


def test_an_override_that_borrows_a_tools_name_is_recorded() -> None:
    class Base:
        @tv.tool("borrowed")
        def search(self) -> str:
            return "base"

    class Derived(Base):
        @tv.tool("borrowed")
        @functools.wraps(Base.search)
        def search(self) -> str:
            return "derived"

    assert Derived().search() == "derived"
    assert calls("borrowed") == 1


def test_an_object_that_answers_to_every_attribute_is_decorated() -> None:
    class Endless:
        def __call__(self) -> int:
            return 1

        def __getattr__(self, name: str) -> Endless:
            return Endless()

    assert tv.tool("endless")(Endless())() == 1
    assert calls("endless") == 1


def test_context_managers_and_wraps_work_on_top() -> None:
    @contextlib.contextmanager
    @tv.tool
    def managed() -> Iterator[int]:
        yield 1

    with managed() as one:
        assert one == 1
    assert calls("managed") == 1

    @functools.wraps(tv.tool(plain))
    def wrapper() -> None: ...

    assert wrapper.__name__ == "plain"


def test_single_dispatch_keeps_its_attributes() -> None:
    @functools.singledispatch
    def show(value: object) -> str:
        return "object"

    decorated = tv.tool(show)
    decorated.register(int, lambda value: "int")
    assert (decorated(1), decorated("")) == ("int", "object")


def test_attributes_can_be_set() -> None:
    decorated = tv.tool(plain)
    decorated.version = 3  # type: ignore[attr-defined]
    assert vars(decorated)["version"] == 3
    assert not hasattr(plain, "version")


def test_pickling_and_copying() -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(pickled, protocol)) is pickled
    assert copy.copy(pickled) is copy.deepcopy(pickled) is pickled
    assert pickle.loads(pickle.dumps(Tools().method))(2) == 6


def test_weak_references_and_collection() -> None:
    def f() -> None: ...

    decorated = tv.tool(f)
    decorated.myself = decorated  # type: ignore[attr-defined]
    alive = weakref.ref(decorated)
    assert alive() is decorated
    del decorated
    gc.collect()
    assert alive() is None


def test_hashing_and_equality_are_by_identity() -> None:
    decorated = tv.tool(plain)
    assert decorated == decorated
    assert decorated != tv.tool(plain)
    assert {decorated: 1}[decorated] == 1


def test_classes_are_refused() -> None:
    with pytest.raises(TypeError, match=r"cannot decorate the class .*Call; decorate its methods"):
        tv.tool(Call)
    with pytest.raises(TypeError, match="cannot decorate the class"):
        tv.tool("name")(Call)


@pytest.mark.parametrize("thing", [3, b"name", [], object()])
def test_what_cannot_be_called_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="@tool decorates callables, not "):
        tv.tool(thing)


def test_properties_are_refused() -> None:
    with pytest.raises(TypeError, match="below @property"):
        tv.tool(property(lambda self: 1))  # type: ignore[call-overload]


class LazyProperty:
    """As Django's, werkzeug's and their like: no property of the language's, and what is under it is called once."""

    def __init__(self, function: Any) -> None:
        self.func = function

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self.func(instance)


class Reified(LazyProperty):
    pass


class Settable(Reified):
    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError


def test_what_gives_values_instead_of_methods_is_refused() -> None:
    for kind in (property, functools.cached_property, LazyProperty):
        with pytest.raises(TypeError, match=f"cannot decorate a {kind.__name__}; .*, below @{kind.__name__}"):
            tv.tool(kind(lambda self: 1))
    for descriptor in (Settable(len), vars(types.FunctionType)["__code__"]):
        with pytest.raises(TypeError, match="@tool decorates callables, not "):
            tv.tool(descriptor)


def test_what_turns_out_to_give_values_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    class Tools:
        size: Any = tv.tool("size")(Reified(lambda self: 5))

    assert [Tools().size, Tools().size] == [5, 5]
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "nothing is recorded. Put @tool below the decorator that makes it"
    ]
    assert calls("size") == 0


def test_two_names_are_refused() -> None:
    with pytest.raises(TypeError, match="two names"):
        tv.tool("a", name="b")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "error"),
    [("", ValueError), ("x" * 257, ValueError), ("\ud800", ValueError), ("a\0b", ValueError), (3, TypeError)],
)
def test_bad_names_are_refused_when_decorating(name: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="name"):
        tv.tool(name=name)(plain)


def test_the_longest_name() -> None:
    name = "é" * 128
    assert tv.tool(name)(plain)(1)
    assert calls(name) == 1
