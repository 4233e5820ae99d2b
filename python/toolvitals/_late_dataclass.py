"""`dataclass` and `field` for a frozen dataclass that becomes one late, when somebody uses it so; `make` needs none.

dataclasses imports inspect, and writes and compiles the methods of each class: that is an eighth of what `@tool` takes
to import, for settings of which most programs only ever read attributes.
"""

from __future__ import annotations

from _thread import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["dataclass", "field", "make"]

# What dataclass(frozen=True) puts into a class. It puts no __signature__ there, but inspect asks for that one first;
# CPython 3.13's would then take what it finds under __init__ for a method of the class's own.
_MADE = (
    "__signature__",
    *("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"),
    *("__match_args__", "__dataclass_fields__", "__dataclass_params__", "__replace__"),
)
_making = RLock()


class field:  # noqa: N801
    """As dataclasses.field()."""

    def __init__(self, *, default: Any, repr: bool) -> None:  # noqa: A002
        self.default = default
        self.repr = repr


class _Late:
    """Stands in the class for one thing of a dataclass's, and has the class made one when it is looked up."""

    def __init__(self, name: str, owner: type, fields: Mapping[str, field]) -> None:
        self._name = name
        self._owner = owner
        self._fields = fields

    def __get__(self, instance: object, owner: type) -> Any:
        with _making:
            if vars(self._owner).get(self._name) is self:
                _make_dataclass(self._owner, self._fields)
        return getattr(owner if instance is None else instance, self._name)


def _make_dataclass(owner: type, fields: Mapping[str, field]) -> None:
    import dataclasses

    for name in _MADE:
        if isinstance(vars(owner).get(name), _Late):
            delattr(owner, name)
    for name, each in fields.items():
        setattr(owner, name, dataclasses.field(default=each.default, repr=each.repr))
    dataclasses.dataclass(frozen=True)(owner)


def dataclass(*, frozen: bool) -> Callable[[type], type]:
    """As dataclasses.dataclass(), for a class whose fields have defaults. What it makes is frozen. Thread-safe."""
    assert frozen

    def prepare(owner: type) -> type:
        fields = {name: value for name, value in vars(owner).items() if isinstance(value, field)}
        for name, each in fields.items():
            setattr(owner, name, each.default)
        for name in _MADE:
            setattr(owner, name, _Late(name, owner, fields))
        return owner

    return prepare


def make(owner: type, values: Mapping[str, Any]) -> Any:
    """An object with these values and defaults, as calling the class gives it."""
    made: Any = object.__new__(owner)
    vars(made).update({name: values.get(name, getattr(owner, name)) for name in owner.__annotations__})
    made.__post_init__()
    return made
