"""The language's wrappers of functions (static and class methods, partials, bound methods), around another function."""

from __future__ import annotations

import functools
import types
from typing import Any, cast

__all__ = ["PARTIAL", "around", "kind_of_wrapper"]

# Those that have the function as `func`, and not as `__func__`.
PARTIAL = (functools.partial, functools.partialmethod)
_KINDS: tuple[type, ...] = (staticmethod, classmethod, *PARTIAL)


def kind_of_wrapper(candidate: object) -> type | None:
    """Which of the wrappers it is that `around` can make; None for anything else.

    By its type: what only says that it is one (wrapt's wrappers do) is none. Neither is an object of a subclass that
    binds or calls in a way of its own, or a partial of a class.
    """
    kind = type(candidate)
    if kind is types.MethodType:
        return kind
    for base in _KINDS:
        if issubclass(kind, base):
            own = any(_method(kind, name) is not _method(base, name) for name in ("__get__", "__call__"))
            of_class = base is functools.partial and isinstance(getattr(candidate, "func", None), type)
            return None if own or of_class else base
    return None


def _method(kind: type, name: str) -> Any:
    return next((vars(each)[name] for each in kind.__mro__ if name in vars(each)), None)


def around(wrapper: Any, base: type, function: Any) -> Any:
    """A wrapper of the same class and with the same attributes, around `function`. `base` is its kind."""
    if base is types.MethodType:
        return types.MethodType(function, wrapper.__self__)
    # Past the subclass's own __new__ and __init__, which may ask for anything: what they made of it is copied.
    kind = type(wrapper)
    if base is functools.partial:
        made = functools.partial.__new__(kind, function, *wrapper.args, **wrapper.keywords)
    elif base is functools.partialmethod:
        made = object.__new__(kind)
    else:
        made = cast("Any", base).__new__(kind)
        cast("Any", base).__init__(made, function)
    made.__dict__.update(wrapper.__dict__)
    for each in kind.__mro__[: kind.__mro__.index(base)]:
        for slot in vars(each).values():
            if type(slot) is types.MemberDescriptorType:
                _copy_slot(slot, wrapper, made)
    if base is functools.partial:
        made.__dict__["__wrapped__"] = wrapper
    elif base is functools.partialmethod:
        made.func = function
    return made


def _copy_slot(slot: types.MemberDescriptorType, source: Any, target: Any) -> None:
    try:
        value = slot.__get__(source)
    except AttributeError:  # It is empty.
        return
    slot.__set__(target, value)
