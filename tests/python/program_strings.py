"""Programs in strings, which no linter reads and no type checker; the house style has functions of modules instead."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from python_floors import parsed

__all__ = ["REASONS", "program_strings"]

# Files that hold programs in strings all the same, each with the reason why.
REASONS = {
    "benchmarks/python/imports.py": "what an interpreter that has done nothing else takes for an import is measured",
    "benchmarks/python/timing.py": "a loop is written out as often as it is to be timed",
    "tests/docs/test_pages.py": "blocks of pages are what is tested",
    "tests/python/generated.py": "signatures that Hypothesis makes up",
    "tests/python/test_import_circles.py": "imports in every place are what is tested",
    "tests/python/test_style.py": "bad code is what is tested",
}
# So many statements are a remark rather than a program.
_MAX_STATEMENTS = 2


def program_strings(path: str, text: str) -> Iterator[tuple[int, str]]:
    """The lines where a string of Python that imports something begins, and those that execute a string."""
    if path in REASONS:
        return
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"exec", "eval"}:
            yield node.lineno, f"{node.func.id}() of a string: call a function"
        elif isinstance(node, (ast.Constant, ast.JoinedStr)) and _is_program(_text_of(node)):
            yield (
                node.lineno,
                "a program in a string: a function of a module in tests/python/programs/, run by child.py",
            )


def _text_of(node: ast.Constant | ast.JoinedStr) -> str:
    """What a string says; `x` stands for what is put into it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in node.values)
    return node.value if isinstance(node.value, str) else ""


def _is_program(text: str) -> bool:
    if "import " not in text:
        return False
    try:
        statements = ast.parse(textwrap.dedent(text)).body
    except (SyntaxError, ValueError):
        return False
    imports = any(isinstance(one, (ast.Import, ast.ImportFrom)) for one in statements)
    return imports and len(statements) > _MAX_STATEMENTS
