"""The function that `@tool` puts in a function's place: a function of the language's own, with a body of one call.

To everything that asks it is the user's: its type, its code's signature, flags, names and place, its defaults, its
attributes. Its calls go to a recorder, the first thing in its closure: by the function's vectorcall slot, which the
extension fills, or by the body, which says the same in Python. CPython 3.11 runs the body without asking the slot, and
so does whoever copies the code.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

from toolvitals._kinds import (
    CO_ASYNC_GENERATOR,
    CO_COROUTINE,
    CO_GENERATOR,
    CO_HAS_DOCSTRING,
    CO_ITERABLE_COROUTINE,
    CO_NEWLOCALS,
    CO_OPTIMIZED,
    CO_VARARGS,
    CO_VARKEYWORDS,
)

__all__ = ["stand_in"]

# What a code object says about the objects that calls return.
_KINDS = CO_GENERATOR | CO_COROUTINE | CO_ITERABLE_COROUTINE | CO_ASYNC_GENERATOR

# The flags that have to be those of our own code: the rest (CO_NESTED, CO_FUTURE_ANNOTATIONS) are the function's. In
# CPython 3.14 one of them says that the first constant is the docstring.
_OURS = CO_OPTIMIZED | CO_NEWLOCALS | CO_VARARGS | CO_VARKEYWORDS | CO_HAS_DOCSTRING | _KINDS

# The instruction that copies cells names their number in one byte.
_CELLS_MAX = 255

# Whether calls in Python code run a function's body whatever its vectorcall slot says.
_INLINED = sys.version_info[:2] == (3, 11)


def stand_in(function: FunctionType, recorder: Callable[..., Any]) -> FunctionType:
    """A function that looks like `function` and calls the recorder with its arguments. Thread-safe."""
    code = function.__code__
    # The function's own cells come behind, since some look for them there: attrs sets the cell of __class__ anew.
    cells = function.__closure__ or ()
    if len(cells) >= _CELLS_MAX:
        cells = ()
    closure = (CellType(recorder), *cells)
    made = FunctionType(
        _code(code, code.co_freevars if cells else ()),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        closure,
    )
    made.__kwdefaults__ = function.__kwdefaults__
    functools.update_wrapper(made, function)
    return made


# What two signatures have in common that differ in names only: how many parameters are positional only, how many are
# positional, and how many are keywords only; and the flags. A NamedTuple would be compiled with each import.
_Shape = tuple[int, int, int, int]


def _code(code: CodeType, free_names: tuple[str, ...]) -> CodeType:
    """The code of a stand-in for a function with that code, with these names of cells behind the recorder's."""
    flags = code.co_flags & (CO_VARARGS | CO_VARKEYWORDS | _KINDS)
    template = _template((code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount, flags))
    names = dict(zip(template.co_varnames, code.co_varnames, strict=False))
    changes: dict[str, Any] = {}
    if sys.version_info >= (3, 11):
        changes["co_qualname"] = code.co_qualname
        changes["co_code"] = _copying(1 + len(free_names), template.co_code)
    return template.replace(
        # A profiler that sees the body run must not take it for the function, which it sees too.
        co_name=f"<tool {code.co_name}>" if _INLINED else code.co_name,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
        co_flags=template.co_flags & _OURS | code.co_flags & ~_OURS,
        co_varnames=tuple(names.values()),
        co_freevars=(*template.co_freevars, *free_names),
        co_consts=tuple(_renamed(constant, names) for constant in template.co_consts),
        **changes,
    )


def _renamed(constant: Any, names: dict[str, str]) -> Any:
    """Keywords of a call are constants of the code, one by one or together."""
    if isinstance(constant, tuple):
        return tuple(_renamed(part, names) for part in constant)
    return names.get(constant, constant) if isinstance(constant, str) else constant


@functools.lru_cache(maxsize=1024)
def _template(shape: _Shape) -> CodeType:
    """The code of a stand-in whose parameters have names of ours."""
    module = compile(f"def make(_recorder):\n{_source(shape)}", "<toolvitals>", "exec", dont_inherit=True)
    code = _inner(_inner(module))
    flags = shape[-1]
    if _INLINED:
        code = _resuming_last(code)
    return code.replace(co_flags=code.co_flags | flags & _KINDS)


def _inner(code: CodeType) -> CodeType:
    return next(constant for constant in code.co_consts if isinstance(constant, CodeType))


def _source(shape: _Shape) -> str:
    positional_only, arguments_count, keyword_only_count, flags = shape
    positional = [f"_{index}" for index in range(arguments_count)]
    keyword_only = [f"_{arguments_count + index}" for index in range(keyword_only_count)]
    parameters = positional[:positional_only]
    parameters += ["/"] if parameters else []
    parameters += positional[positional_only:]
    arguments = list(positional)
    if flags & CO_VARARGS:
        parameters.append("*_args")
        arguments.append("*_args")
    elif keyword_only:
        parameters.append("*")
    parameters += keyword_only
    arguments += [f"{name}={name}" for name in keyword_only]
    if flags & CO_VARKEYWORDS:
        parameters.append("**_kwargs")
        arguments.append("**_kwargs")
    return _BODIES[_body(flags)].format(parameters=", ".join(parameters), call=f"_recorder({', '.join(arguments)})")


def _body(flags: int) -> int:
    """The kind whose body has to be of that kind itself: before CPython 3.11 the flags alone make it so."""
    return flags & _KINDS if sys.version_info < (3, 11) else 0


# One line each, so that every instruction is on the line where the user's function begins.
_SIMPLE = " def stand_in({parameters}): return {call}"
_BODIES = {
    0: _SIMPLE,
    CO_COROUTINE: " async def stand_in({parameters}): return await {call}",
    CO_GENERATOR: " def stand_in({parameters}): return (yield from {call})",
    CO_GENERATOR | CO_ITERABLE_COROUTINE: " def stand_in({parameters}): return (yield from {call})",
    CO_ASYNC_GENERATOR: """\
 async def stand_in({parameters}):
  inner = {call}
  try:
   item = await inner.__anext__()
   while True:
    try: sent = yield item
    except GeneratorExit:
     await inner.aclose()
     raise
    except BaseException as error: item = await inner.athrow(error)
    else: item = await inner.asend(sent)
  except StopAsyncIteration: return""",
}


def _copying(count: int, code: bytes) -> bytes:
    """The same instructions with that number of cells for COPY_FREE_VARS, the first of them."""
    return bytes([code[0], count]) + code[2:]


def _resuming_last(code: CodeType) -> CodeType:
    """The same code, which resumes only when the call is over, whether it returned or raised.

    A frame that has not resumed yet is in no traceback, and nobody's caller: an exception leaves through it unseen. It
    resumes on either way out, so that a tracer or profiler, who is told of its end, is told of its beginning before.
    """
    start = 2  # behind COPY_FREE_VARS
    resume, back = code.co_code[start : start + 2], code.co_code[-2:]
    call = code.co_code[:start] + code.co_code[start + 2 : -2]
    units = len(call) // 2
    # Exceptions of the call go behind the two instructions that end it, with an empty stack. CPython's notes on the
    # table (Objects/exception_handling_notes.txt): start, length, target and depth, in groups of six bits.
    table = bytes([0x80, *_groups(units), *_groups(units + 2), 0])
    no_columns = bytes([0x80 | 13 << 3 | 1, 0])  # of the two instructions that are new: the line before
    from opcode import opmap

    changes: dict[str, Any] = {"co_exceptiontable": table}  # unknown to CPython 3.10 and its checkers
    return code.replace(
        co_code=call + resume + back + resume + bytes([opmap["RERAISE"], 0]),
        co_linetable=code.co_linetable + no_columns,
        **changes,
    )


def _groups(number: int) -> bytes:
    """A number in groups of six bits, the highest first; all but the last say that another follows."""
    groups = [number & 0x3F]
    while number := number >> 6:
        groups.append(number & 0x3F | 0x40)
    return bytes(reversed(groups))
