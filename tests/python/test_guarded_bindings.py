"""What CPython calls of the extension lets no exception of C++ out: CPython is C, and one would end the process."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

__all__: list[str] = []

_BINDINGS = Path(__file__).resolve().parents[2] / "cpp/bindings"
_SLOTS = r"tp_(?:new|call|repr|str|getattro|setattro|richcompare|hash|iter|iternext|descr_get)|am_\w+|vectorcall"
# Functions of CPython's own need no guard.
_BARE = re.compile(rf'\{{"\w+", (?:AsMethod\()?&(?!Py)\w+|\b(?:{_SLOTS}) = &(?!Py)\w+')


@pytest.mark.parametrize("path", sorted(_BINDINGS.glob("*.cc")), ids=lambda path: path.name)
def test_every_function_in_a_table_or_a_slot_is_guarded(path: Path) -> None:
    bare = [line for line in path.read_text(encoding="utf-8").splitlines() if _BARE.search(line)]
    assert not bare, "put it into Guarded<> or GuardedRecord<> of bindings/guard.h:\n" + "\n".join(bare)


@pytest.mark.parametrize(
    ("line", "is_bare"),
    [
        ('    {"f", &F, METH_O, nullptr},', True),
        ('    {"f", AsMethod(&F<1>), METH_FASTCALL, nullptr},', True),
        ("  type.tp_new = &New;", True),
        ("  function->vectorcall = &Call;", True),
        ('    {"f", Guarded<&F>, METH_O, nullptr},', False),
        ("  type.tp_new = Guarded<&New>;", False),
        ("  type.tp_call = &PyVectorcall_Call;", False),
    ],
)
def test_a_bare_function_is_found(line: str, is_bare: bool) -> None:
    assert bool(_BARE.search(line)) == is_bare
