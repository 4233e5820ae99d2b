"""pydantic: models, validators, serializers, validated calls."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
    validate_call,
)
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

FRAMEWORK = "pydantic"
DISTRIBUTION = "pydantic"


@pytest.mark.calls(4)
def test_methods(tool: Any) -> object:
    """Methods of a `BaseModel` of every kind, none of which is a field."""

    class Model(BaseModel):
        x: int = 3

        @tool
        def method(self, a: int) -> int:
            return a * self.x

        @tool
        async def async_method(self, a: int) -> int:
            return a * self.x

        @tool
        @staticmethod
        def static(a: int) -> int:
            return a

        @classmethod
        @tool
        def of_class(cls, a: int) -> int:
            return cls(x=a).x

    model = Model()
    said = model.method(1), asyncio.run(model.async_method(2)), model.static(3), Model.of_class(4)
    return said, list(Model.model_fields), model.model_dump(), Model.__private_attributes__


@pytest.mark.calls(4)
def test_private_methods(tool: Any) -> object:
    """A method named `_x` is the subclass's and no private attribute; `super()` reaches the base's."""

    class Base(BaseModel):
        @tool("base")
        def _run(self) -> str:
            return "base"

        @tool("run")
        def run(self) -> str:
            return self._run()

    class Derived(Base):
        @tool("derived")
        def _run(self) -> str:
            return "derived"

    class Extended(Base):
        @tool("extended")
        def _run(self) -> str:
            return super()._run() + " extended"

    return Derived().run(), Extended()._run(), Derived.__private_attributes__, Extended.__private_attributes__


@pytest.mark.calls(3)
def test_private_attributes(tool: Any) -> object:
    """`PrivateAttr(default_factory=tool)`, `Field(default_factory=tool)`, `model_post_init`."""

    class Model(BaseModel):
        x: list[int] = Field(default_factory=tool("field")(lambda: [1]))
        _y: int = PrivateAttr(default_factory=tool("private")(lambda: 2))

        @tool("post_init")
        def model_post_init(self, context: Any) -> None:
            self.x.append(3)

    model = Model()
    return model.x, model._y


@pytest.mark.calls(7)
def test_validators(tool: Any) -> object:
    """`field_validator`, `model_validator` before and after, `AfterValidator`, all over tools."""

    class Model(BaseModel):
        x: int
        y: Annotated[int, AfterValidator(tool("annotated")(lambda value: value + 100))] = 0

        @field_validator("x")
        @classmethod
        @tool("field")
        def check_x(cls, value: int) -> int:
            if value < 0:
                raise ValueError("negative")
            return value + 1

        @model_validator(mode="before")
        @classmethod
        @tool("before")
        def before(cls, values: Any) -> Any:
            return {"x": values} if isinstance(values, int) else values

        @model_validator(mode="after")
        @tool("after")
        def after(self) -> Model:
            self.__dict__["x"] *= 2
            return self

    return Model.model_validate(1).x, Model.model_validate({"x": 3, "y": 1}).y


@pytest.mark.calls(1)
def test_failing_validator(tool: Any) -> object:
    """A validator that raises makes a ValidationError."""

    class Model(BaseModel):
        x: int

        @field_validator("x")
        @tool
        def check(cls, value: int) -> int:
            raise ValueError("never")

    try:
        Model(x=1)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False)


@pytest.mark.calls(4)
def test_serializers(tool: Any) -> object:
    """`field_serializer`, `model_serializer` wrapped, `computed_field` over tools."""

    class Model(BaseModel):
        x: int = 1

        @field_serializer("x")
        @tool("field")
        def x_text(self, value: int) -> str:
            return f"x{value}"

        @computed_field
        @property
        @tool("computed")
        def double(self) -> int:
            return self.x * 2

    class Wrapped(BaseModel):
        x: int = 1

        @model_serializer(mode="wrap")
        @tool("wrapped")
        def serialize(self, handler: Any) -> dict[str, Any]:
            return {"wrapped": handler(self)}

        @computed_field
        @tool("later")
        def later(self) -> int:
            return 5

    return Model().model_dump(), Wrapped().model_dump(), Model.model_json_schema(mode="serialization")


@pytest.mark.calls(4)
def test_validate_call(tool: Any) -> object:
    """`validate_call` over a tool and under it, sync, async and on a method."""

    def double(a: int, b: Annotated[int, Field(gt=0)] = 1) -> int:
        """Doubles."""
        return a * 2 + b

    async def async_double(a: int) -> int:
        return a * 2

    class Tools:
        @validate_call
        @tool("method")
        def method(self, a: int) -> int:
            return a

    over, under = validate_call(tool("over")(double)), tool("under")(validate_call(double))
    waiting = validate_call(tool(async_double))
    said: list[Any] = [over("2"), under("3", b="2"), asyncio.run(waiting("4")), Tools().method("5")]
    try:
        over("x", b=0)
    except ValidationError as error:
        said += [each["type"] for each in error.errors()]
    return said, over.__name__, over.__doc__


@pytest.mark.calls(1)
def test_extra_and_frozen(tool: Any) -> object:
    """A frozen model and one with extra fields allowed, copied and compared, with tools as methods."""

    class Model(BaseModel):
        model_config = ConfigDict(frozen=True, extra="allow")
        x: int

        @tool
        def norm(self) -> int:
            return self.x

    first, second = Model(x=1, z=3), Model(x=1, z=3)
    return first == second, hash(first) == hash(second), first.model_copy(update={"x": 5}).norm(), first.model_extra


@pytest.mark.calls(3)
def test_dataclass(tool: Any) -> object:
    """pydantic's dataclass, with `__post_init__`, a method and a validator that are tools."""

    @dataclass
    class Point:
        x: int

        @tool("post_init")
        def __post_init__(self) -> None:
            self.x += 1

        @tool("norm")
        def norm(self) -> int:
            return self.x

        @field_validator("x")
        @classmethod
        @tool("check")
        def check(cls, value: int) -> int:
            return value * 10

    return Point("1").norm()


@pytest.mark.calls(2)
def test_callable_fields(tool: Any) -> object:
    """A tool as the value of a `Callable` field and as an argument of `TypeAdapter` and `create_model`."""
    from collections.abc import Callable

    class Model(BaseModel):
        f: Callable[[int], int]

    made = create_model("Made", x=(int, Field(default_factory=tool("factory")(lambda: 7))))
    function = tool("function")(lambda a: a)
    return Model(f=function).f(1), made().x


@pytest.mark.calls(1)
def test_type_adapter(tool: Any) -> object:
    """`TypeAdapter` of a tool makes a schema of its arguments and calls it, as MCP servers do."""

    def add(a: int, b: int = 2) -> int:
        return a + b

    adapter = TypeAdapter(tool(add))
    return adapter.json_schema(), adapter.validate_python(ArgsKwargs((), {"a": "1"}))


@pytest.mark.calls(1)
def test_untouched_kinds(tool: Any) -> object:
    """A class attribute without annotation that is a tool is let be, one that is a number is refused."""

    def method(self: Any) -> str:
        return "method"

    class Model(BaseModel):
        run = tool(method)

    return Model().run()
