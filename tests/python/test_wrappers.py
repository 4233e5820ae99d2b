"""Static and class methods, partials and subclasses of theirs stay what they are under `@tool`, around the recorder."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from totals import calls

import toolvitals as tv

pytestmark = pytest.mark.usefixtures("from_zero")


class Route(staticmethod):  # type: ignore[type-arg]
    __slots__ = ("__empty", "__path")

    def __init__(self, path: str, function: Any) -> None:
        super().__init__(function)
        self.__path = path
        self.mark = path.upper()

    @property
    def path(self) -> str:
        return self.__path


class Alternative(classmethod):  # type: ignore[type-arg]
    def __new__(cls, _function: Any, *, version: int) -> Any:
        return super().__new__(cls)

    def __init__(self, function: Any, *, version: int) -> None:
        super().__init__(function)
        self.version = version


class Job(functools.partial):  # type: ignore[type-arg]
    def __new__(cls, queue: str, function: Any, *args: Any) -> Any:
        made = super().__new__(cls, function, *args)
        made.queue = queue
        return made

    queue: str


class Late(functools.partialmethod):  # type: ignore[type-arg]
    """With no __init__ of its own: from CPython 3.14 on the arguments go to __new__."""

    __slots__ = ("label",)


def test_subclasses_with_an_init_of_their_own_keep_class_and_attributes() -> None:
    def work(*args: Any) -> Any:
        return args

    labelled = Late(work, 1)
    labelled.label = "x"

    class Tools:
        static = tv.tool("static")(Route("/a", work))
        of_class = tv.tool("of_class")(Alternative(work, version=3))
        late = tv.tool("late")(labelled)

    static, of_class, late = (vars(Tools)[name] for name in ("static", "of_class", "late"))
    assert (type(static), static.path, static.mark) == (Route, "/a", "/A")
    assert (type(of_class), of_class.version) == (Alternative, 3)
    assert (type(late), late.label) == (Late, "x")
    tools = Tools()
    assert (tools.static(5), Tools.static(5)) == ((5,), (5,))  # type: ignore[attr-defined]
    assert tools.of_class() == (Tools,)  # type: ignore[attr-defined]
    assert tools.late(2) == (tools, 1, 2)  # type: ignore[attr-defined]
    assert (calls("static"), calls("of_class"), calls("late")) == (2, 1, 1)
    job: Any = tv.tool("job")(Job("fast", work, 1))
    assert (type(job), job.queue, job.args, job(2)) == (Job, "fast", (1,), (1, 2))
    assert calls("job") == 1


def test_what_is_wrapped_stays_as_it_was() -> None:
    def work(self: Any) -> Any:
        return self

    late = functools.partialmethod(work)
    tv.tool("late")(late)
    assert late.func is work
    static = staticmethod(work)
    assert tv.tool("static")(static).__wrapped__.__wrapped__ is static.__func__ is work


def test_the_bare_partial_is_under_the_one_that_is_recorded() -> None:
    partial = functools.partial(max, 1)
    functools.update_wrapper(partial, max)
    recorded: Any = tv.tool("partial")(partial)
    assert recorded.__wrapped__ is partial
    assert (recorded.__name__, recorded(2)) == ("max", 2)


def test_attributes_of_the_function_do_not_say_what_wraps_it() -> None:
    def work(self: Any) -> Any:
        return self

    work.func = max  # type: ignore[attr-defined]

    class Tools:
        method = work

    tools = Tools()
    assert tv.tool("method")(tools.method)() is tools
    assert tv.tool("static")(staticmethod(work))(5) == 5
    assert (calls("method"), calls("static")) == (1, 1)


def test_a_subclass_with_a_binding_of_its_own_is_bound_by_it() -> None:
    class Both(classmethod):  # type: ignore[type-arg]
        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return functools.partial(self.__func__, owner if instance is None else instance)

    class Loud(functools.partial):  # type: ignore[type-arg]
        def __call__(self, *args: Any) -> Any:
            return "loud", super().__call__(*args)

    async def work(bound: Any) -> Any:
        return bound

    class Tools:
        both = tv.tool("both")(Both(work))

    tools = Tools()
    for bound, coroutine in ((Tools, Tools.both()), (tools, tools.both())):
        with pytest.raises(StopIteration) as stop:
            coroutine.send(None)
        assert stop.value.value is bound
    assert isinstance(vars(Tools)["both"], Both)
    loud = tv.tool("loud")(Loud(max, 3))
    assert loud(5) == ("loud", 5)
    assert isinstance(loud, Loud)
    assert (calls("both"), calls("loud")) == (2, 1)
