"""The table of docs/reference/compatibility.md: which cases there are, and how their results are written.

Cases are read from the sources, for what a framework needs may not be installed where the table is checked.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCUMENT", "FOLDER", "NOT_TRIED", "Case", "Result", "cases", "render", "tried"]

FOLDER = Path(__file__).resolve().parent
DOCUMENT = FOLDER.parents[1] / "docs" / "reference" / "compatibility.md"

NOT_TRIED = "not tried"

HEAD = """# Compatibility

Limits first: a call of a coroutine or generator that is never begun is not recorded. What is not in the table has not
been tried.

Written by `make compatibility`, with CPython {python}. Each line is a case of `tests/compatibility/`, which is run
twice in the real framework: with bare functions and with functions under `@tool`. "As without" says that both gave the
same, and that every call was recorded, exactly once. The cases of what the development tools hold run in `make test`
as well.

| framework | version | what was tried | calls | result |
| --- | --- | --- | ---: | --- |
"""


@dataclass(frozen=True)
class Case:
    """A test of one framework, as its source says it."""

    framework: str
    tried: str


@dataclass(frozen=True)
class Result:
    """What a case gave: its calls, and whether it was as without; parameters of one case are one result."""

    framework: str
    version: str
    tried: str
    calls: int
    result: str


def cases(files: Iterable[Path] | None = None) -> Iterator[Case]:
    """The cases of some files, or of all."""
    for file in sorted(FOLDER.glob("*/test_*.py")) if files is None else files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        framework = next(
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FRAMEWORK"
        )
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield Case(framework, tried(ast.get_docstring(node)))


def tried(docstring: str | None) -> str:
    """What a docstring says was tried: its first line."""
    return (docstring or "").partition("\n")[0].rstrip(".")


def render(results: Iterable[Result], python: str) -> str:
    """The document."""
    every = set(results)
    run = {Case(each.framework, each.tried) for each in every if each.result != NOT_TRIED}
    # Some parameters of a case may be for other versions of Python.
    kept = [each for each in every if each.result != NOT_TRIED or Case(each.framework, each.tried) not in run]
    ordered = sorted(kept, key=lambda result: (result.framework.lower(), result.tried, result.result))
    lines = [f"| {each.framework} | {each.version} | {each.tried} | {each.calls} | {each.result} |" for each in ordered]
    return HEAD.format(python=python) + "\n".join(lines) + "\n"
