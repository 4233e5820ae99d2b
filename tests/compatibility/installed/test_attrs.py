"""attrs: classes, validators, converters, defaults."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

FRAMEWORK = "attrs"
DISTRIBUTION = "attrs"


@pytest.mark.calls(7)
def test_class(tool: Any) -> object:
    """`@define`, with slots: methods, a validator, a converter, a default, `__attrs_post_init__`."""

    @attrs.define
    class Base:
        x: int = attrs.field(converter=tool("convert")(lambda value: int(value)))
        y: int = attrs.field()

        @x.validator
        @tool("validate")
        def _check(self, attribute: Any, value: int) -> None:
            if value < 0:
                raise ValueError("negative")

        @y.default
        @tool("default")
        def _default(self) -> int:
            return self.x + 1

        @tool("post_init")
        def __attrs_post_init__(self) -> None:
            self.y += 1

        @tool("norm")
        def norm(self) -> int:
            return self.x + self.y

    @attrs.define
    class Derived(Base):
        @tool("derived_norm")
        def norm(self) -> int:
            return Base.norm(self) * 10

        @property
        @tool("size")
        def size(self) -> int:
            return 4

    derived = Derived("1")
    return derived.norm(), derived.size, [a.name for a in attrs.fields(Derived)], Derived.__slots__


@pytest.mark.calls(2)
def test_closure(tool: Any) -> object:
    """`@define` with slots rewrites the `__class__` in closures: `super()` without arguments in a method."""

    @attrs.define
    class Base:
        @tool("base")
        def name(self) -> str:
            return __class__.__name__

    @attrs.define
    class Derived(Base):
        @tool("derived")
        def name(self) -> str:
            return super().name() + __class__.__name__

    return Derived().name()
