"""InstrumentedCallable: a decorated object has the class, the attributes and the binding of the bare one."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import pickle
import types
from typing import Any

import pytest
from totals import calls

import toolvitals as tv

pytestmark = pytest.mark.usefixtures("from_zero")


class Descriptor:
    """A decorator's result with a binding of its own, as wrapt's and many frameworks' are."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return functools.partial(self.function, instance, "bound")

    def __call__(self, *args: Any) -> Any:
        return self.function(None, *args)


def test_a_descriptor_under_the_decorator_is_honoured() -> None:
    class Tools:
        @tv.tool("descriptor")
        @Descriptor
        def work(self, how: str) -> Any:
            return self, how

        cached = tv.tool("lru")(functools.lru_cache(lambda self: "cached"))

    tools = Tools()
    assert tools.work() == (tools, "bound")
    assert Tools.work("free") == (None, "free")
    assert Tools.work.name == "work"
    assert isinstance(Tools.work, Descriptor)
    assert tools.cached() == "cached"
    assert tools.cached.cache_info().currsize == 1
    assert (calls("descriptor"), calls("lru")) == (2, 1)


def test_a_bound_method_stays_one() -> None:
    class Tools:
        def work(self) -> Any:
            return self

    tools = Tools()
    decorated = tv.tool("bound")(tools.work)
    assert type(decorated) is types.MethodType
    assert decorated.__self__ is decorated() is tools
    assert calls("bound") == 1


def test_a_callable_object_has_the_class_and_attributes_of_the_bare_one() -> None:
    class Counter:
        count = 0

        def __call__(self) -> int:
            self.count += 1
            return self.count

    counter = Counter()
    decorated = tv.tool("object")(counter)
    assert isinstance(decorated, Counter)
    assert decorated() == decorated.count == 1
    decorated.count = 5
    assert counter() == 6
    decorated.mark = 1  # type: ignore[attr-defined]
    assert counter.mark == 1  # type: ignore[attr-defined]
    assert inspect.ismethod(decorated.__call__)
    assert decorated.__call__() == 7
    assert calls("object") == 2
    builtin = tv.tool(len)
    builtin.mark = 1  # type: ignore[attr-defined]
    assert builtin.mark == 1  # type: ignore[attr-defined]
    assert isinstance(builtin, types.BuiltinFunctionType)


class Adder:
    def __init__(self, n: int) -> None:
        self.n = n

    def __call__(self, a: int) -> int:
        return a + self.n


def test_callable_objects_and_handles_are_pickled_by_value() -> None:
    added = pickle.loads(pickle.dumps(tv.tool("pickled")(Adder(2))))
    assert added(1) == 3
    assert calls("pickled") == 1
    handle = tv.get_collector().tool("pickled")
    assert pickle.loads(pickle.dumps(handle)) is handle


def test_an_object_that_refuses_an_attribute_refuses_it() -> None:
    @dataclasses.dataclass(frozen=True)
    class Frozen:
        a: int = 1

        def __call__(self) -> int:
            return self.a

    decorated = tv.tool("frozen")(Frozen())
    with pytest.raises(dataclasses.FrozenInstanceError):
        decorated.a = 5  # type: ignore[misc]
    assert decorated.a == decorated() == 1
    with pytest.raises(TypeError):
        decorated.__set_name__()  # type: ignore[attr-defined]


def test_a_wrapper_that_makes_no_generator_of_one_returns_what_it_makes() -> None:
    class Listing:
        def __init__(self, function: Any) -> None:
            functools.update_wrapper(self, function)
            self.__code__, self.__defaults__, self.__kwdefaults__ = function.__code__, None, None

        def __call__(self) -> list[int]:
            return list(self.__wrapped__())  # type: ignore[attr-defined]

    def items() -> Any:
        yield 1

    assert tv.tool("listing")(Listing(items))() == [1]
