"""pickle, copy, weakref, typing, shelve's kin: what is done to functions as objects."""

from __future__ import annotations

import copy
import copyreg
import gc
import pickle
import types
import typing
import weakref
from typing import Any

import pytest
from targets import Adder, add, bare_add

FRAMEWORK = "pickle, copy, weakref, typing"
DISTRIBUTION = None


@pytest.mark.calls(6)
def test_pickle(tool: Any) -> object:
    """Every protocol of pickle: a function, by reference."""
    function = add if tool.decorated else bare_add
    loaded = [pickle.loads(pickle.dumps(function, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [each is function for each in loaded], [each(1, 2) for each in loaded]


@pytest.mark.calls(5)
def test_pickle_methods(tool: Any, monkeypatch: pytest.MonkeyPatch) -> object:
    """Pickled bound methods, functions of a class, static and class methods."""
    # Twisted has pickle take methods apart in a way that knows no class methods, as soon as it is imported.
    monkeypatch.delitem(copyreg.dispatch_table, types.MethodType, raising=False)
    prefix = "" if tool.decorated else "bare_"
    things = [getattr(Adder(3), prefix + "add"), getattr(Adder, prefix + "static_add")]
    things += [getattr(Adder(), prefix + "static_add"), getattr(Adder, prefix + "class_add")]
    unbound = pickle.loads(pickle.dumps(getattr(Adder, prefix + "add")))
    return [pickle.loads(pickle.dumps(thing))(1) for thing in things], unbound(Adder(1), 1)


@pytest.mark.calls(4)
def test_copy(tool: Any) -> object:
    """`copy` and `deepcopy` of a function, a container of functions, an object with a bound method."""
    function = add if tool.decorated else bare_add
    adder = Adder(1)
    adder.callback = adder.add if tool.decorated else adder.bare_add
    copied = copy.deepcopy(adder)
    return (
        copy.copy(function) is function,
        copy.deepcopy(function) is function,
        copy.deepcopy([function])[0] is function,
        copied.callback.__self__ is copied,
        copied.callback(2),
        copy.copy(function)(1),
        copy.deepcopy({"f": function})["f"](2),
        copy.deepcopy(Adder(4)).add(1) if tool.decorated else Adder(4).bare_add(1),
    )


@pytest.mark.calls(3)
def test_weak_references(tool: Any) -> object:
    """`weakref.ref`, `WeakMethod`, `WeakKeyDictionary`, `WeakSet`, `finalize`, `proxy`."""

    class Tools:
        @tool("method")
        def method(self) -> int:
            return 1

    def make() -> Any:
        return tool("made")(lambda: 2)

    made, tools, ended = make(), Tools(), []
    reference, method = weakref.ref(made), weakref.WeakMethod(tools.method)
    known, group = weakref.WeakKeyDictionary({made: "known"}), weakref.WeakSet([made])
    weakref.finalize(made, ended.append, "made")
    said = [method()(), known[made], made in group, weakref.proxy(made)(), reference()()]
    del made, tools
    gc.collect()
    return said, reference(), method(), len(known), len(group), ended


@pytest.mark.calls(0)
def test_type_hints(tool: Any) -> object:
    """`typing.get_type_hints` with and without extras, of functions and methods, `get_overloads`."""

    class Tools:
        @tool
        def method(self, a: typing.Annotated[int, "unit"], b: str | None = None) -> dict[str, int]:
            return {}

    return (
        typing.get_type_hints(add if tool.decorated else bare_add),
        typing.get_type_hints(Tools.method),
        typing.get_type_hints(Tools.method, include_extras=True),
        typing.get_type_hints(Tools().method),
    )


@pytest.mark.calls(0)
def test_local_type_hints(tool: Any) -> object:
    """Hints that name a class of the function's module, looked up in `__globals__`."""

    @tool
    def make(adder: Adder) -> Adder:
        return adder

    return typing.get_type_hints(make), make.__globals__["Adder"] if hasattr(make, "__globals__") else None


@pytest.mark.calls(1)
def test_simple_namespace(tool: Any) -> object:
    """A tool in `types.SimpleNamespace`, `MappingProxyType` and as a module's `__getattr__`."""
    module = types.ModuleType("lazy")
    module.__getattr__ = tool("getattr")(lambda name: name.upper())
    return module.missing, callable(types.SimpleNamespace(f=module.__getattr__).f)


@pytest.mark.calls(1)
def test_garbage(tool: Any) -> object:
    """A tool that refers to itself is collected, and what it closes over with it."""

    class Held:
        pass

    def make() -> tuple[Any, Any]:
        held = Held()

        @tool
        def function() -> str:
            return type(held).__name__

        function.myself = function
        return function, weakref.ref(held)

    function, held = make()
    said = function()
    del function
    gc.collect()
    return said, held()
