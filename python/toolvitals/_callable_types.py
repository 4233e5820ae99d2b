"""The types of what `@tool` returns for callable objects, which have the special methods of the objects' classes.

Python looks special methods up in the type, past every attribute of the object: `len(x)`, `for item in x`, `x == y`.
So an object whose class has any gets a type of its own, whose methods hand them on. Others have the extension's types.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from toolvitals._backend import core

__all__ = ["callable_type"]

_ARITHMETIC = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or"
_OTHERS = """
    len length_hint getitem setitem delitem missing contains iter next reversed
    bool int float complex index neg pos abs invert round trunc floor ceil
    eq ne lt le gt ge hash str format bytes fspath
    enter exit aenter aexit await aiter anext
    set delete instancecheck subclasscheck mro_entries
"""
_SPECIAL = (
    *(f"__{name}__" for name in _OTHERS.split()),
    *(f"__{prefix}{name}__" for name in _ARITHMETIC.split() for prefix in ("", "r", "i")),
)

_made: weakref.WeakKeyDictionary[type, type[core.InstrumentedCallable]] = weakref.WeakKeyDictionary()


def callable_type(wrapped: object) -> type[core.InstrumentedCallable]:
    """The type for an instrumented object around `wrapped`. Thread-safe."""
    import inspect

    # The language's own callables are compared and hashed as any object is.
    if inspect.isroutine(wrapped):
        return core.InstrumentedCallable
    wrapped_type = type(wrapped)
    made = _made.get(wrapped_type)
    if made is None:
        made = _made.setdefault(wrapped_type, _make(wrapped_type))
    return made


def _make(wrapped_type: type) -> type[core.InstrumentedCallable]:
    classes = wrapped_type.__mro__[:-1]
    defined = {name for name in _SPECIAL if any(name in vars(each) for each in classes)}
    if not defined:
        return core.InstrumentedCallable
    base = core.InstrumentedDescriptor if hasattr(wrapped_type, "__get__") else core.InstrumentedCallable
    namespace: dict[str, Any] = {"__slots__": (), "__module__": "toolvitals", "__doc__": base.__doc__}
    for name in defined:
        # None says that there is no such method, though a base class has one.
        namespace[name] = None if getattr(wrapped_type, name) is None else _handing_on(name)
    return type(base.__name__, (base,), namespace)


def _handing_on(name: str) -> Callable[..., Any]:
    """A method that calls the wrapped object's, and stays instead of it where that returns itself."""

    def special(self: Any, /, *args: Any, **keywords: Any) -> Any:
        wrapped = self.__wrapped__
        result = getattr(wrapped, name)(*args, **keywords)
        return self if result is wrapped else result

    special.__name__ = name
    special.__qualname__ = f"InstrumentedCallable.{name}"
    return special
