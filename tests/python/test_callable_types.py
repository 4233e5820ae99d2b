"""Special methods of callable objects, which Python looks up in the type, are the wrapped object's under `@tool`."""

from __future__ import annotations

import enum
import pickle
import weakref
from collections import abc
from typing import Any

import pytest
from totals import calls

import toolvitals as tv


class Pipeline:
    """A callable object with many special methods, as decorators of frameworks return them."""

    def __init__(self, *steps: int) -> None:
        self.steps = list(steps)

    def __call__(self, value: int = 0) -> int:
        return value + sum(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Any:
        return iter(self.steps)

    def __getitem__(self, index: int) -> int:
        return self.steps[index]

    def __setitem__(self, index: int, value: int) -> None:
        self.steps[index] = value

    def __contains__(self, item: object) -> bool:
        return item in self.steps

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and self.steps == other.steps

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Pipeline) -> bool:
        return self.steps < other.steps

    def __or__(self, other: Pipeline) -> Pipeline:
        return Pipeline(*self.steps, *other.steps)

    def __iadd__(self, step: int) -> Pipeline:
        self.steps.append(step)
        return self

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_exc_info: object) -> bool:
        return True

    def __str__(self) -> str:
        return f"pipeline of {len(self)}"

    def __bool__(self) -> bool:
        return 0 not in self.steps


class Steps(Pipeline):
    def __next__(self) -> int:
        if not self.steps:
            raise StopIteration
        return self.steps.pop()

    def __iter__(self) -> Any:
        return self


class Callback:
    def __call__(self) -> None:
        pass


pytestmark = pytest.mark.usefixtures("from_zero")


def test_special_methods_are_the_wrapped_objects() -> None:
    bare = Pipeline(1, 2)
    made: Any = tv.tool("pipeline")(bare)
    assert (len(made), list(made), made[1], 2 in made, 5 in made, str(made)) == (2, [1, 2], 2, True, False, str(bare))
    assert made == Pipeline(1, 2) == made
    assert made != Pipeline(1)
    assert made < Pipeline(3)
    assert bool(made)
    made[0] = 0
    assert bare.steps == [0, 2]
    assert not made
    assert (made | made).steps == [0, 2, 0, 2]
    kept = made
    made += 5
    assert made is kept  # not the bare one, whose calls nobody records
    with made as entered:
        assert entered is made
        raise KeyError
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)
    assert made(1) == 8
    assert calls("pipeline") == 1
    assert weakref.ref(made)() is made
    assert pickle.loads(pickle.dumps(made))() == 7
    assert calls("pipeline") == 2
    assert list(tv.tool("steps")(Steps(1, 2))) == [2, 1]
    assert set(dir(bare)) <= set(dir(made))


def test_an_object_has_no_special_methods_that_its_class_lacks() -> None:
    made = tv.tool("callback")(Callback())
    bare = Callback()
    for kind in (abc.Sized, abc.Iterable, abc.Container, abc.Iterator, abc.Awaitable, abc.Hashable, abc.Callable):
        assert isinstance(made, kind) == isinstance(bare, kind), kind  # type: ignore[arg-type]
    assert isinstance(tv.tool("pipeline")(Pipeline()), abc.Sized)
    for name in ("__get__", "__set__", "__len__", "__iter__", "__enter__", "__aenter__", "__bool__"):
        assert not hasattr(made, name), name
    assert len({made, made}) == 1
    with pytest.raises(TypeError):
        len(made)  # type: ignore[arg-type]


def test_a_callable_object_is_a_member_of_an_enum() -> None:
    class Actions(enum.Enum):
        callback = tv.tool("member")(Callback())

        @tv.tool("method")
        def of_member(self) -> str:
            return self.name

    assert [action.name for action in Actions] == ["callback"]
    Actions.callback.value()
    assert Actions.callback.of_member() == "callback"
    assert (calls("member"), calls("method")) == (1, 1)


def test_a_callable_object_that_is_a_data_descriptor_stays_one() -> None:
    class Field:
        def __call__(self) -> str:
            return "called"

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return self if instance is None else lambda: vars(instance)["value"]

        def __set__(self, instance: Any, value: Any) -> None:
            vars(instance)["value"] = value

    class Model:
        field: Any = tv.tool("field")(Field())

    model = Model()
    model.field = 5
    assert vars(model) == {"value": 5}
    assert (model.field(), Model.field()) == (5, "called")
    assert calls("field") == 2
