"""_stand_in.py and the recorders: a decorated function is the language's own, for whoever asks, calls or copies it."""

from __future__ import annotations

import asyncio
import cProfile
import functools
import gc
import inspect
import itertools
import os
import pstats
import subprocess
import sys
import threading
import traceback
import types
import unittest.mock
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from generated import function_of
from hypothesis import given
from hypothesis import strategies as st
from totals import calls

import toolvitals as tv
from toolvitals import _stand_in

INLINED = sys.version_info[:2] == (3, 11)


pytestmark = pytest.mark.usefixtures("from_zero")


def copied(function: Any) -> Any:
    """What those who copy functions make: the same code, run by the interpreter's own way of calling."""
    copy = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def outcome(function: Any, args: tuple[int, ...], kwargs: dict[str, str]) -> Any:
    try:
        return function(*args, **kwargs)
    except TypeError as error:
        return str(error)


names = st.lists(st.text("abcde_xyz", min_size=1, max_size=3), unique=True, min_size=7, max_size=7)
counts = st.integers(0, 2)


@given(names, counts, counts, counts, counts, counts, st.booleans(), st.booleans(), st.booleans())
def test_any_signature_passes_any_arguments(
    words: list[str],
    only: int,
    positional: int,
    keyword: int,
    defaults: int,
    keyword_defaults: int,
    star: bool,
    stars: bool,
    copy: bool,
) -> None:
    words = [f"p{word}" for word in words]
    places, keywords = words[: only + positional], words[only + positional : only + positional + keyword]
    parameters = [*places[:only], *["/"] * bool(only), *places[only:]]
    parameters += ["*rest"] if star else ["*"] * bool(keywords)
    parameters += [*keywords, *["**more"] * stars]
    bare = function_of(f"def bare({', '.join(parameters)}): return locals()")
    bare.__defaults__ = tuple(range(min(defaults, len(places)))) or None
    bare.__kwdefaults__ = {name: name for name in keywords[:keyword_defaults]} or None
    decorated = tv.tool("signature")(bare)
    assert inspect.getfullargspec(decorated) == inspect.getfullargspec(bare)
    assert inspect.signature(decorated, follow_wrapped=False) == inspect.signature(bare)
    function = copied(decorated) if copy else decorated
    given_names = [*places[only:], *keywords, "other"]
    for count in range(len(places) + 2):
        for chosen in itertools.chain.from_iterable(itertools.combinations(given_names, n) for n in range(3)):
            args, kwargs = tuple(range(10, 10 + count)), {name: f"={name}" for name in chosen}
            assert outcome(function, args, kwargs) == outcome(bare, args, kwargs)


def test_every_way_to_call_is_seen() -> None:
    class Tools:
        @tv.tool("way")
        def method(self, a: int = 0) -> int:
            return a

        @tv.tool("way")
        @staticmethod
        def static(a: int = 0) -> int:
            return a

        @classmethod
        @tv.tool("way")
        def of_class(cls, a: int = 0) -> int:
            return a

        __getitem__ = tv.tool("way")(lambda self, key: key)
        __call__ = tv.tool("way")(lambda self, key: key)
        __len__ = tv.tool("way")(lambda self: 3)
        value = property(tv.tool("way")(lambda self: 3))

        @tv.tool("way")
        def __init__(self) -> None: ...

    function = tv.tool("way")(lambda a=0: a)
    rounds, seen, keywords = 300, 0, {"a": 1}
    for _ in range(rounds):  # often enough for the interpreter to specialize
        tools = Tools()
        tools.method(1), tools.method(a=1), Tools.method(tools), tools.static(1), Tools.static(a=2)
        tools.of_class(1), Tools.of_class(a=1), tools[1], tools(1), len(tools), tools.value
        function(), function(1), function(a=1), function(*(1,)), function(**keywords)
        list(map(function, (1, 2))), sorted((1, 2), key=function), functools.partial(function, 1)()
        functools.reduce(tv.tool("way")(lambda a, b: a), (1, 2, 3))
        seen += 1 + 11 + 5 + 2 + 2 + 1 + 2
    assert calls("way") == seen


@pytest.mark.parametrize("thread_count", [4])
def test_every_call_of_many_threads_is_seen(thread_count: int) -> None:
    function = tv.tool("threads")(lambda: None)
    threads = [threading.Thread(target=lambda: [function() for _ in range(5000)] and None) for _ in range(thread_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls("threads") == thread_count * 5000


def test_a_copy_of_the_code_records_too() -> None:
    @tv.tool("copied")
    def generator() -> Any:
        sent = yield 1
        return sent

    @tv.tool("copied")
    async def coroutine() -> int:
        await asyncio.sleep(0)
        return 3

    @tv.tool("copied")
    async def async_generator() -> Any:
        try:
            sent = yield 1
        except KeyError:
            sent = "thrown"
        yield sent

    @tv.tool("copied")
    @types.coroutine
    def old_style() -> Any:
        yield from asyncio.sleep(0).__await__()
        return 4

    running = copied(generator)()
    assert next(running) == 1
    with pytest.raises(StopIteration) as stop:
        running.send("sent")
    assert stop.value.value == "sent"

    async def main() -> None:
        assert await copied(coroutine)() == 3
        assert await copied(old_style)() == 4
        agen = copied(async_generator)()
        assert [await agen.__anext__(), await agen.asend("sent")] == [1, "sent"]
        with pytest.raises(StopAsyncIteration):
            await agen.__anext__()
        agen = copied(async_generator)()
        assert [await agen.__anext__(), await agen.athrow(KeyError())] == [1, "thrown"]
        await agen.aclose()

    asyncio.run(main())
    assert calls("copied") == 5


def test_a_function_whose_code_or_defaults_are_set_does_what_it_says() -> None:
    def bare(a: int = 1, *, b: int = 2) -> tuple[int, int]:
        return a, b

    decorated: Any = tv.tool("changed")(bare)
    decorated.__defaults__ = (10,)
    assert decorated() == (10, 2)
    decorated.__kwdefaults__ = {"b": 20}
    assert decorated() == (10, 20)
    assert calls("changed") == 2
    assert bare() == (1, 2)

    free = "free"

    def other(a: int = 1, *, b: int = 2) -> str:
        return free

    decorated.__code__ = other.__code__
    assert callable(decorated())  # the one free variable is the recorder
    decorated.__closure__[0].cell_contents = "free"
    assert decorated() == "free"


@pytest.mark.skipif(INLINED, reason="CPython 3.11 asks the body alone, which has the recorder in its closure")
def test_code_that_a_reloader_puts_in_place_leads_to_the_new_recorder() -> None:
    def before(a: int, b: int = 1, *, c: int = 3) -> Any:
        return "before", a, b, c

    def after(a: int, b: int = 2, *, c: int = 3) -> Any:
        return "after", a, b, c

    def untold(a: int, b: int = 1, *, c: int = 3) -> Any:
        return "bare", a, b, c

    held, fresh = tv.tool("reloaded")(before), tv.tool("reloaded")(after)
    assert held(1) == ("before", 1, 1, 3)
    # What IPython's autoreload does; it knows of no __kwdefaults__.
    for name in ("__code__", "__defaults__", "__doc__", "__dict__"):
        setattr(held, name, getattr(fresh, name))
    assert held(1) == fresh(1) == ("after", 1, 2, 3)
    del fresh
    gc.collect()
    assert held(1) == ("after", 1, 2, 3)
    assert calls("reloaded") == 4
    plain: Any = tv.tool("plain")(untold)
    code = plain.__code__
    del plain
    gc.collect()
    held.__code__ = code  # of a stand-in that is no more
    assert held(1) == ("after", 1, 2, 3)


def _at_module_level() -> None:
    """Says nothing."""


def test_annotations_that_somebody_set_or_changed_are_seen() -> None:
    def changed(a: int, b: int) -> None: ...

    changed.__annotations__["b"] = float

    def replaced(a: int, b: int) -> None: ...

    replaced.__annotations__ = {"a": bytes}
    assert tv.tool(changed).__annotations__ == {"a": "int", "b": float, "return": "None"}
    assert tv.tool(replaced).__annotations__ == {"a": bytes}


def test_the_flags_of_the_code_are_the_functions() -> None:
    def nested() -> Any:
        yield _at_module_level

    without_future = function_of("def without_future(a, *b): pass")
    ours = 0x40 | 0x4000000  # CO_NOFREE of CPython 3.10, CO_HAS_DOCSTRING of 3.14
    for bare in (_at_module_level, nested, without_future):
        assert tv.tool(bare).__code__.co_flags & ~ours == bare.__code__.co_flags & ~ours, bare


def raising() -> None:
    raise KeyError("raised")


@pytest.mark.parametrize("call", [lambda f: f(), lambda f: f(*()), lambda f: functools.partial(f)()])
def test_no_frame_of_ours_is_in_a_traceback(call: Callable[[Any], Any]) -> None:
    texts = []
    for function in (raising, tv.tool(raising)):
        with pytest.raises(KeyError) as raised:
            call(function)
        texts.append([frame.name for frame in traceback.extract_tb(raised.value.__traceback__)])
    assert texts[0] == texts[1]


def test_no_frame_of_ours_is_on_the_stack() -> None:
    def stack() -> list[str]:
        return [frame.name for frame in traceback.extract_stack()][-3:]

    def caller(function: Callable[[], list[str]]) -> list[str]:
        return function()

    assert caller(tv.tool(stack)) == caller(stack)
    warn = tv.tool(lambda: warnings.warn("here", stacklevel=2))
    with pytest.warns(UserWarning, match="here") as warned:
        warn()
    assert warned[0].lineno == warn.__code__.co_firstlineno + 2


def test_a_profile_counts_the_calls_of_the_function() -> None:
    def worked() -> int:
        return sum(range(10))

    decorated = tv.tool(worked)

    def caller() -> None:
        for _ in range(7):
            decorated()

    profile = cProfile.Profile()
    profile.runcall(caller)
    stats: Any = pstats.Stats(profile)
    by_name = {key[2]: value for key, value in stats.stats.items()}
    assert by_name["worked"][1] == 7
    assert by_name.get("<tool worked>", (0, 0))[1] == (7 if INLINED else 0)
    assert by_name["caller"][1] == 1


def test_tracers_and_profilers_see_a_beginning_for_every_end() -> None:
    decorated = tv.tool(raising)

    def caller() -> int:
        try:
            decorated()
        except KeyError:
            return 1
        return 0

    events: list[tuple[str, str]] = []
    for hook in (sys.setprofile, sys.settrace):

        def see(frame: Any, event: str, arg: Any) -> Any:
            if event in ("call", "return") and frame.f_code.co_filename == __file__:
                events.append((event, frame.f_code.co_name))
            return see

        hook(see)
        try:
            assert caller() == 1
        finally:
            hook(None)
        open_calls: list[str] = []
        for event, name in events:
            if event == "call":
                open_calls.append(name)
            elif open_calls:
                assert open_calls.pop() == name
        assert open_calls == []
        events.clear()


def test_coverage_of_what_follows_an_exception(tmp_path: Path) -> None:
    program = Path(__file__).with_name("programs") / "after_an_exception.py"
    environment = {**os.environ, "COVERAGE_FILE": str(tmp_path / "data")}
    # That program alone: toolvitals itself may stand on PYTHONPATH, as it does under sanitizers.
    for arguments in (["run", f"--include={program}", str(program)], ["report", "--fail-under=100"]):
        command = [sys.executable, "-m", "coverage", *arguments]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_autospec_and_patching() -> None:
    with unittest.mock.patch(f"{__name__}.patched", autospec=True) as mock:
        patched(1)
        mock.assert_called_once_with(1)
        with pytest.raises(TypeError, match="missing"):
            patched()  # type: ignore[call-arg]
    assert isinstance(unittest.mock.create_autospec(tv.tool(raising)), types.FunctionType)


@tv.tool
def patched(a: int) -> int:
    return a


def test_single_dispatch_over_tools() -> None:
    @functools.singledispatch
    @tv.tool("object")
    def show(value: object) -> str:
        return "object"

    @show.register
    @tv.tool("int")
    def _(value: int) -> str:
        return "int"

    class Shower:
        @tv.tool("method")
        @functools.singledispatchmethod
        def show(self, value: object) -> str:
            return "object"

        @show.register
        def _(self, value: int) -> str:
            return "int"

    assert (show(1), show("")) == ("int", "object")
    assert (Shower().show(1), Shower().show("")) == ("int", "object")
    assert (calls("int"), calls("object"), calls("method")) == (1, 1, 2)


def test_implicit_class_methods_and_slots() -> None:
    class Base:
        @tv.tool("made")
        def __new__(cls, *args: Any) -> Any:
            return super().__new__(cls)

        @tv.tool("subclassed")
        def __init_subclass__(cls) -> None:
            cls.seen = True

        @tv.tool("item")
        def __class_getitem__(cls, key: Any) -> Any:
            return cls, key

        @tv.tool("entered")
        def __enter__(self) -> int:
            return 1

        @tv.tool("left")
        def __exit__(self, *exc: Any) -> None: ...

        seen = False

    class Derived(Base): ...

    assert Derived.seen
    assert Derived[int] == (Derived, int)  # type: ignore[misc]
    with Derived() as entered:
        assert entered == 1
    assert [calls(name) for name in ("made", "subclassed", "item", "entered", "left")] == [1] * 5


def test_the_cells_of_the_function_are_in_the_closure() -> None:
    for count in (1, 3, 254, 255, 300):  # the last two are more than an instruction's one byte can say
        names = [f"v{index}" for index in range(count)]
        make = function_of(f"def make({', '.join(names)}):\n def f(a): return {', '.join(names)}, a\n return f")
        bare = make(*range(count))
        decorated: Any = tv.tool("cells")(bare)
        shown = count if count < 255 else 0
        assert decorated.__closure__[1:] == bare.__closure__[:shown]
        assert decorated.__code__.co_freevars[1:] == bare.__code__.co_freevars[:shown]
        assert decorated(1) == copied(decorated)(1) == bare(1)
        bare.__closure__[0].cell_contents = "set anew"
        assert decorated(1)[0] == "set anew"


def test_nothing_keeps_a_decorated_function_alive() -> None:
    def bare() -> None: ...

    decorated = tv.tool(bare)
    decorated.myself = decorated  # type: ignore[attr-defined]
    alive = weakref.ref(bare)
    del bare, decorated
    gc.collect()
    assert alive() is None


def test_templates_are_shared() -> None:
    _stand_in._template.cache_clear()
    for index in range(5):
        bare = function_of(f"def f(a{index}, *, b{index}=1): return a{index}, b{index}")
        assert tv.tool("shape")(bare)(1) == (1, 1)
    assert _stand_in._template.cache_info().misses == 1
