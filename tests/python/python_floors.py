"""Who imports whom in python/toolvitals, and the floors that say who may: read from the syntax, without an import."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["PYTHON_FLOORS", "Import", "floor_of", "imports_of", "module_of", "parsed", "part_of", "private_uses_of"]

# What stands on which floor, lowest first: a part is a module or a package right under `toolvitals`. A part imports
# from lower floors; modules of one floor may import each other, packages of one floor may not.
PYTHON_FLOORS: tuple[frozenset[str], ...] = (
    # The native core and its twin; values; the table of our own families; settings.
    frozenset({"catalogue", "_core", "_late_dataclass", "_noop", "_push", "settings", "snapshot"}),
    # Which core; fork and exit; what is fetched late.
    frozenset({"_backend", "_late", "_lifecycle", "_notices", "_process_hooks"}),
    # Record, define, collect, serve, read.
    frozenset(
        {
            *("decorators", "_callable_types", "_kinds", "_stand_in", "_wrappers"),
            *("caches", "instruments", "collectors", "events", "endpoints", "sources"),
        }
    ),
    # One clock; test helpers; the façade.
    frozenset({"__init__", "_public", "foreign_caches", "periodic", "testing"}),
    # Faces for other APIs; what is measured without being asked; tokens and cost.
    frozenset({"prometheus", "otel", "ipc", "system", "llm"}),
    # Frameworks; ready families; what sends; what keeps.
    frozenset({"integrations", "packs", "exporters", "history"}),
    # Rules and objectives over snapshots and history; notifiers.
    frozenset({"alerts"}),
    # The live page; dashboards and rules made from the catalogue.
    frozenset({"dashboard", "ops"}),
    # The metrics server as one object; commands.
    frozenset({"__main__", "cli", "service"}),
)

_ROOT = "toolvitals"


@dataclass(frozen=True)
class Import:
    """One name of a statement: `name` of `module`, or the module itself where `name` is empty."""

    line: int
    module: str
    name: str
    lazy: bool  # in a function
    typing: bool  # under TYPE_CHECKING

    @property
    def target(self) -> str:
        """With its name, which may be that of a module."""
        return f"{self.module}.{self.name}" if self.name else self.module


@functools.lru_cache(maxsize=4)
def parsed(source: str) -> ast.Module:
    """The syntax of a file, which several rules look at one after the other."""
    return ast.parse(source)


def module_of(path: PurePosixPath) -> str:
    """The module of a file under python/: `toolvitals.cli.top`."""
    parts = path.with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The module or package right under `toolvitals` that a module is or lies in."""
    return module.split(".")[1] if "." in module else "__init__"


def floor_of(part: str) -> int:
    """The part's floor, -1 where it has none."""
    return next((floor for floor, parts in enumerate(PYTHON_FLOORS) if part in parts), -1)


@functools.lru_cache(maxsize=500)
def imports_of(source: str) -> list[Import]:
    """Every import of something of the package, wherever in the file it stands."""
    return list(_imports_in(parsed(source), lazy=False, typing=False))


def _imports_in(node: ast.AST, *, lazy: bool, typing: bool) -> Iterator[Import]:
    for module, name in _imported_by(node):
        if module.split(".")[0] == _ROOT:
            yield Import(node.lineno, module, name, lazy, typing)  # type: ignore[attr-defined]
    lazy = lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        for child in node.body:
            yield from _imports_in(child, lazy=lazy, typing=True)
        for child in node.orelse:
            yield from _imports_in(child, lazy=lazy, typing=typing)
        return
    for inner in ast.iter_child_nodes(node):
        yield from _imports_in(inner, lazy=lazy, typing=typing)


def _imported_by(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias.name) for alias in node.names)
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value, ""


def private_uses_of(module: str, source: str) -> Iterator[tuple[int, str]]:
    """Names with an underscore that a module takes from another part of the package: (line, name).

    A part's own underscore, as of `_backend`, says that it is not for users; the floors say who may import it.
    """
    here = part_of(module)
    modules: dict[str, str] = {}
    for found in imports_of(source):
        target = found.target if found.module == _ROOT and found.name else found.module
        if part_of(target) == here:
            continue
        inner = [*target.split(".")[2:], *([found.name] if found.module != _ROOT and found.name else [])]
        private = [name for name in inner if _is_private(name)]
        if private:
            yield found.line, f"{found.module}.{private[0]}"
        modules[found.name or found.module.split(".")[-1]] = target
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and _is_private(node.attr):
            origin = modules.get(node.value.id)
            if origin is not None:
                yield node.lineno, f"{node.value.id}.{node.attr}"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")
