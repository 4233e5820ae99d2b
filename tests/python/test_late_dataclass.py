"""_late_dataclass: a class is a dataclass whichever way somebody asks it first."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from child import result_of
from programs import late_settings

from toolvitals import _late_dataclass
from toolvitals.settings import Settings


def _point(dataclass: Any, field: Any) -> Any:
    class Point:
        """Two numbers and a secret."""

        x: int = 1
        y: int = 2
        secret: str = field(default="s", repr=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "y", int(self.y))

    return dataclass(frozen=True)(Point)


def _error(call: Callable[[], Any]) -> str:
    try:
        return str(call())
    except Exception as error:
        return repr(error)


USES: list[Callable[[Any], Any]] = [
    lambda cls: cls(),
    lambda cls: cls(3, y="4"),
    lambda cls: cls(z=1),
    lambda cls: cls() == cls(1, 2, "s"),
    lambda cls: cls() == 5,
    lambda cls: hash(cls()) == hash(cls()),
    lambda cls: setattr(cls(), "x", 5),
    lambda cls: delattr(cls(), "x"),
    lambda cls: [(each.name, each.default, each.repr) for each in dataclasses.fields(cls)],
    lambda cls: dataclasses.asdict(cls(5)),
    lambda cls: dataclasses.replace(cls(5), y=7),
    lambda cls: dataclasses.is_dataclass(cls),
    lambda cls: cls.__match_args__,
    lambda cls: cls.__dataclass_params__,
    lambda cls: inspect.signature(cls),
    lambda cls: copy.copy(cls(5)),
    lambda cls: copy.copy(cls(5)) == cls(5),
    lambda cls: hasattr(cls, "__replace__"),
    lambda cls: (cls.x, cls.secret, cls.__doc__),
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("first", [False, True])
def test_it_is_what_a_dataclass_is(use: Callable[[Any], Any], first: bool) -> None:
    late = _point(_late_dataclass.dataclass, _late_dataclass.field)
    if not first:
        _late_dataclass.make(late, {})
    theirs = _point(dataclasses.dataclass, dataclasses.field)
    assert _error(lambda: use(late)) == _error(lambda: use(theirs))


def test_what_is_made_before_is_what_calling_gives() -> None:
    late = _point(_late_dataclass.dataclass, _late_dataclass.field)
    before = _late_dataclass.make(late, {"y": "5"})
    assert (before.x, before.y, before.secret) == (1, 5, "s")
    assert before == late(y="5")
    assert hash(before) == hash(late(y="5"))
    assert repr(before).endswith("Point(x=1, y=5)")
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.x = 2


def test_settings_are_pickled_and_read_without_dataclasses() -> None:
    port, is_imported, data = result_of(late_settings.pickle_settings)
    assert (port, is_imported) == (5, False)
    assert pickle.loads(bytes.fromhex(data)) == Settings(json_port=5)
