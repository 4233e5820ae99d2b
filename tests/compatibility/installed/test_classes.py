"""Classes of the standard library and of the language, with methods that are tools."""

from __future__ import annotations

import abc
import dataclasses
import enum
import inspect
import typing
from typing import Any

import pytest

FRAMEWORK = "classes"
DISTRIBUTION = None


@pytest.mark.calls(4)
def test_property(tool: Any) -> object:
    """`property` over tools: getter, setter, deleter, and its docstring."""

    class Tools:
        value = 3

        @property
        @tool("get")
        def size(self) -> int:
            """The size."""
            return self.value

        @size.setter
        @tool("set")
        def size(self, value: int) -> None:
            self.value = value

        @size.deleter
        @tool("delete")
        def size(self) -> None:
            self.value = 0

    tools = Tools()
    tools.size = 5
    seen = tools.size
    del tools.size
    return seen, tools.size, Tools.size.__doc__, inspect.getdoc(Tools.size)


@pytest.mark.calls(3)
def test_dataclass(tool: Any) -> object:
    """A dataclass: methods, `__post_init__`, `default_factory`; a method is no field."""

    @dataclasses.dataclass(order=True, frozen=True)
    class Point:
        x: int
        y: list[int] = dataclasses.field(default_factory=tool("factory")(lambda: [1]), compare=False)

        @tool("post_init")
        def __post_init__(self) -> None:
            object.__setattr__(self, "y", [*self.y, 2])

        @tool("norm")
        def norm(self) -> int:
            return self.x + sum(self.y)

    point = Point(1)
    return point.norm(), [field.name for field in dataclasses.fields(Point)], repr(point).split(".")[-1]


@pytest.mark.calls(1)
def test_dataclass_default(tool: Any) -> object:
    """A tool as the default of a dataclass's field: no mutable default, and no method."""

    @tool
    def handler(self: Any = None) -> str:
        return "handled"

    @dataclasses.dataclass
    class Handlers:
        on_event: typing.Callable[..., str] = handler

    return Handlers().on_event(), [field.name for field in dataclasses.fields(Handlers)]


@pytest.mark.calls(4)
def test_abstract_methods(tool: Any) -> object:
    """`abc.abstractmethod` under a tool and over it; a subclass that implements them; the error's text."""

    class Base(abc.ABC):
        @tool("under")
        @abc.abstractmethod
        def under(self) -> int:
            return 1

        @abc.abstractmethod
        @tool("over")
        def over(self) -> int:
            return 2

        @property
        @abc.abstractmethod
        @tool("size")
        def size(self) -> int:
            return 3

    class Whole(Base):
        @tool("under")
        def under(self) -> int:
            return super().under() + 10

        def over(self) -> int:
            return super().over() + 10

        @property
        @tool("size")
        def size(self) -> int:
            return 4

    try:
        Base()
    except TypeError as error:
        said = str(error)
    whole = Whole()
    return said, sorted(Base.__abstractmethods__), whole.under(), whole.over(), whole.size


@pytest.mark.calls(4)
def test_implicit_class_methods(tool: Any) -> object:
    """`__init_subclass__`, `__class_getitem__`, which the language makes class methods, and `__new__`, a static one."""
    seen = []

    class Base:
        @tool("init_subclass")
        def __init_subclass__(cls, /, label: str = "", **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            seen.append((cls.__name__, label))

        @tool("class_getitem")
        def __class_getitem__(cls, item: Any) -> str:
            return f"{cls.__name__}[{item.__name__}]"

        @tool("new")
        def __new__(cls, *args: Any) -> Any:
            return super().__new__(cls)

    class Derived(Base, label="x"):
        pass

    return seen, Base[int], Derived[str], type(Derived(1)).__name__


@pytest.mark.calls(9)
def test_special_methods(tool: Any) -> object:
    """`__init__`, `__call__`, `__len__`, `__getitem__`, `__eq__`, `__hash__`, `__enter__`, `__getattr__`."""

    class Tools:
        @tool("init")
        def __init__(self, size: int) -> None:
            self.size = size

        @tool("call")
        def __call__(self, a: int) -> int:
            return a + self.size

        @tool("len")
        def __len__(self) -> int:
            return self.size

        @tool("getitem")
        def __getitem__(self, index: int) -> int:
            return index * 2

        @tool("eq")
        def __eq__(self, other: object) -> bool:
            return True

        @tool("hash")
        def __hash__(self) -> int:
            return 7

        @tool("enter")
        def __enter__(self) -> int:
            return 1

        @tool("exit")
        def __exit__(self, *exc: object) -> bool:
            return True

        @tool("getattr")
        def __getattr__(self, name: str) -> str:
            return name

    tools = Tools(3)
    with tools as entered:
        raise KeyError
    return entered, tools(1), len(tools), tools[4], tools == 3, hash(tools), tools.missing


@pytest.mark.calls(2)
def test_enum(tool: Any) -> object:
    """Enum: a tool is a method and no member, also a static one."""

    class Color(enum.Enum):
        RED = 1
        BLUE = 2

        @tool("shout")
        def shout(self) -> str:
            return self.name + "!"

        @tool("first")
        @classmethod
        def first(cls) -> Color:
            return cls.RED

    return [member.name for member in Color], Color.RED.shout(), Color.first().name


@pytest.mark.calls(2)
def test_named_tuple(tool: Any) -> object:
    """`NamedTuple` and `TypedDict`'s like: methods that are tools."""

    class Point(typing.NamedTuple):
        x: int
        y: int = 2

        @tool("norm")
        def norm(self) -> int:
            return self.x + self.y

    return Point(1).norm(), Point(3)._replace(y=4).norm(), Point._fields


@pytest.mark.calls(1)
def test_protocol(tool: Any) -> object:
    """`typing.Protocol`, checked at run time, with members that are tools; `typing.final`, `override`'s way."""

    @typing.runtime_checkable
    class Runs(typing.Protocol):
        @tool("protocol_run")
        def run(self) -> int: ...

    class Runner:
        @typing.final
        @tool("run")
        def run(self) -> int:
            return 1

    protocol_attributes = sorted(name for name in vars(Runs) if not name.startswith("_"))
    return isinstance(Runner(), Runs), isinstance(3, Runs), protocol_attributes, Runner().run()


@pytest.mark.calls(3)
def test_super_and_slots(tool: Any) -> object:
    """`super()`, `__slots__`, name mangling, `__set_name__`, `__qualname__` within a tool."""

    class Base:
        __slots__ = ("a",)

        @tool("base")
        def work(self) -> str:
            return type(self).__name__

    class Derived(Base):
        __slots__ = ()

        @tool("derived")
        def work(self) -> str:
            return super().work() + __class__.__name__ + self.__private()

        @tool("private")
        def __private(self) -> str:
            return "!"

    return Derived().work(), Derived.work.__qualname__.split(".")[-2:], Derived._Derived__private.__name__


@pytest.mark.calls(3)
def test_generic_class(tool: Any) -> object:
    """A generic class, its method called by way of an alias."""
    T = typing.TypeVar("T")

    class Box(typing.Generic[T]):
        @tool("init")
        def __init__(self, value: T) -> None:
            self.value = value

        @tool("get")
        def get(self) -> T:
            return self.value

        @tool("of")
        @classmethod
        def of(cls, value: T) -> Box[T]:
            return cls.__new__(cls)

    return Box[int](3).get(), type(Box[int].of(1)).__name__


@pytest.mark.calls(3)
def test_descriptor_of_ones_own(tool: Any) -> object:
    """A tool over a descriptor of one's own: its `__get__` and `__set_name__` are honoured."""

    class Upper:
        def __init__(self, function: Any) -> None:
            self.function = function
            self.__name__ = function.__name__
            self.__doc__ = function.__doc__
            self.__wrapped__ = function

        def __call__(self, *args: Any) -> str:
            return self.function(*args).upper()

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return self if instance is None else lambda *args: self.function(instance, *args).upper() + "!"

        def __set_name__(self, owner: type, name: str) -> None:
            self.owned = owner.__name__, name

    class Tools:
        @tool("method")
        @Upper
        def method(self, text: str) -> str:
            return text

        @Upper
        @tool("under")
        def under(self, text: str) -> str:
            return text

    tools = Tools()
    return tools.method("x"), tools.under("y"), Tools.method(tools, "z")


@pytest.mark.calls(2)
def test_assigned_later(tool: Any) -> object:
    """A tool assigned to a class after it was made, and to an object, where it is no method."""

    class Tools:
        pass

    Tools.method = tool("method")(lambda self, a: (type(self).__name__, a))
    tools = Tools()
    tools.function = tool("function")(lambda a: a)
    return tools.method(1), tools.function(2)
