#!/usr/bin/env python3
"""Writes python/toolvitals/_noop/__init__.py from the stub of the core; --check says whether it is so.

What returns None does nothing, and what returns something gives the empty value of its type. What has to behave is
written by hand, in _written.py beside it: a class there is the base of the one of its name, and has the say in what it
defines; functions there, and classes that lack nothing, are taken as they are. The stub may only use types that have an
empty value, or be answered there.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "python" / "toolvitals"
STUB = PACKAGE / "_core.pyi"
WRITTEN = PACKAGE / "_noop" / "_written.py"
TARGET = PACKAGE / "_noop" / "__init__.py"

HEAD = '''"""The API of `_core` with nothing behind it: for when metrics are off, or the extension cannot be loaded.

Made from the stub of the core by scripts/write_noop.py; what has to behave is in _written.py.
"""'''
# The empty value of a type.
EMPTY = {
    "bool": "False",
    "int": "0",
    "float": "0.0",
    "str": "''",
    "bytes": "b''",
    "list": "[]",
    "dict": "{}",
    "tuple": "()",
    "Any": "None",
    "Literal[False]": "False",
}

Function = ast.FunctionDef


class Twin:
    """The stub and what is written by hand, from which the file is made."""

    def __init__(self, stub: str, written: str) -> None:
        self._stub = ast.parse(stub)
        self._classes = {node.name: node for node in self._stub.body if isinstance(node, ast.ClassDef)}
        self._written: dict[str, set[str]] = {}
        for node in ast.parse(written).body:
            if isinstance(node, ast.ClassDef):
                own = {child.name for child in node.body if isinstance(child, (Function, ast.AsyncFunctionDef))}
                inherited = (self._written.get(ast.unparse(base), set()) for base in node.bases)
                self._written[node.name] = own.union(*inherited)
            elif isinstance(node, Function):
                self._written[node.name] = set()

    def source(self) -> str:
        """The file."""
        made = list(self._module())
        names = sorted({*(name for node in made for name in _names_of(node)), *self._complete()}, key=_place)
        body = "\n\n".join(map(ast.unparse, made))
        exported = ast.unparse(ast.parse(f"__all__ = {names!r}"))
        return "\n\n".join([HEAD, "from __future__ import annotations", self._imports(made), exported, body]) + "\n"

    def _imports(self, made: list[ast.stmt]) -> str:
        used = {node.id for top in made for node in ast.walk(top) if isinstance(node, ast.Name)}
        lines = []
        for node in self._stub.body:
            if isinstance(node, ast.ImportFrom):
                names = [alias.name for alias in node.names if alias.name in used]
                if names and node.module == "typing_extensions":
                    lines.append(f"if TYPE_CHECKING:\n    from typing_extensions import {', '.join(names)}")
                elif names:
                    extra = ["TYPE_CHECKING"] if node.module == "typing" and "Self" in used else []
                    lines.append(f"from {node.module} import {', '.join(sorted([*names, *extra], key=_place))}")
        ours = [
            "from toolvitals._noop import _written",
            f"from toolvitals._noop._written import {', '.join(self._complete())}",
        ]
        late = [line for line in lines if line.startswith("if")]
        return "\n\n".join(
            "\n".join(part) for part in ([line for line in lines if line not in late], ours, late) if part
        )

    def _complete(self) -> list[str]:
        """What is written by hand and lacks nothing: functions, and classes, which may make objects of their own."""
        public = (name for name in self._written if not name.startswith("_"))
        return sorted(name for name in public if name not in self._classes or self._is_complete(self._classes[name]))

    def _is_complete(self, node: ast.ClassDef) -> bool:
        return node.name in self._written and not node.bases and not self._missing(node)

    def _missing(self, node: ast.ClassDef) -> list[Function]:
        """The methods that nobody has written."""
        written = self._written.get(node.name, set())
        return [method for method in node.body if isinstance(method, Function) and method.name not in written]

    def _module(self) -> Iterator[ast.stmt]:
        yield from ast.parse("__getattr__ = _written.__getattr__  # __version__").body
        for node in self._stub.body:
            if isinstance(node, ast.ClassDef):
                if not self._is_complete(node):
                    yield self._class(node)
            elif isinstance(node, Function) and node.name not in self._written:
                yield self._function(node, own="")
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                yield ast.parse(f"{node.target.id} = {ast.unparse(node.value)}").body[0]
            elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) in self._classes:
                yield ast.parse(f"{ast.unparse(node.target)} = {ast.unparse(node.annotation)}()").body[0]

    def _class(self, node: ast.ClassDef) -> ast.ClassDef:
        """The class, on what is written of it and on the base that the stub names."""
        bases = [ast.unparse(base) for base in node.bases]
        if node.name in self._written:
            bases.insert(0, f"_written.{node.name}")
        made = ast.parse(f"class {node.name}({', '.join(bases)}): pass").body[0]
        assert isinstance(made, ast.ClassDef)
        methods = [self._function(method, own=node.name) for method in self._missing(node)]
        made.body = [_docstring("Nothing is behind it."), *methods]
        return made

    def _function(self, node: Function, *, own: str) -> Function:
        """The function with a body that gives the empty value, and with defaults where the stub leaves them out."""
        made = ast.parse(ast.unparse(node)).body[0]
        assert isinstance(made, Function)
        positional = [*made.args.posonlyargs, *made.args.args]
        defaulted = positional[len(positional) - len(made.args.defaults) :]
        made.args.defaults = [
            _expression(self._empty(parameter.annotation, parameter.arg)) if ast.unparse(default) == "..." else default
            for parameter, default in zip(defaulted, made.args.defaults, strict=True)
        ]
        made.body = self._body(made, own, [parameter.arg for parameter in positional if parameter.arg != "self"])
        return made

    def _body(self, node: Function, own: str, arguments: list[str]) -> list[ast.stmt]:
        returned = ast.unparse(node.returns) if node.returns is not None else "None"
        if returned == "None":
            return [_docstring("Does nothing.")]
        if node.name == "__new__":
            value = "super().__new__(cls)"
        elif returned in ("Self", own):
            value = "self"
        elif returned in self._classes:
            value = f"{returned}({', '.join(arguments)})"
        else:
            value = self._empty(node.returns, node.name)
        return [*ast.parse(f"return {value}").body]

    def _empty(self, annotation: ast.expr | None, name: str) -> str:
        text = "Any" if annotation is None else ast.unparse(annotation)
        if text.endswith("| None"):
            return "None"
        found = EMPTY.get(text) or EMPTY.get(text.split("[")[0])
        if found is None:
            raise SystemExit(f"{name} gives {text}, which has no empty value: write it in {WRITTEN.name}")
        return found


def _place(name: str) -> tuple[int, str]:
    """Where a name stands in `__all__`: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def _docstring(text: str) -> ast.stmt:
    return ast.Expr(ast.Constant(text))


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [ast.unparse(target) for target in node.targets if not ast.unparse(target).startswith("_")]
    return [node.name] if isinstance(node, (ast.ClassDef, Function)) else []


def main() -> int:
    """1 where --check finds that the file is otherwise, however it is laid out."""
    made = Twin(STUB.read_text(encoding="utf-8"), WRITTEN.read_text(encoding="utf-8")).source()
    if sys.argv[1:] == ["--check"]:
        return int(ast.dump(ast.parse(made)) != ast.dump(ast.parse(TARGET.read_text(encoding="utf-8"))))
    TARGET.write_text(made, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(TARGET)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
