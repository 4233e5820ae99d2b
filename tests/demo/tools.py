"""What the demo's server offers: tools, a resource and a prompt over the standard library's source."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Callable
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent
from tests.demo.business import SOURCE_BYTES, count_found
from tests.demo.corpus import Corpus

import toolvitals

__all__ = ["register"]

LINES_MAX = 200


def register(server: MCPServer[Any], corpus: Corpus) -> None:
    """Registers everything below with the server."""
    read = _cached_reader(corpus)
    _register_searches(server, corpus)
    _register_readers(server, read)
    _register_troublemakers(server, corpus)


def _cached_reader(corpus: Corpus) -> Callable[[str], str]:
    @toolvitals.cached("sources", maxsize=64)
    def read(path: str) -> str:
        return corpus.read(path)

    return read


def _register_searches(server: MCPServer[Any], corpus: Corpus) -> None:
    @toolvitals.cached("patterns", maxsize=8)
    def compile_pattern(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern)

    @server.tool()
    def search_text(query: str, limit: int = 10) -> list[str]:
        """Full-text search through the standard library."""
        return count_found("text", [f"{path}: {excerpt}" for path, excerpt in corpus.search(query, limit)])

    @server.tool()
    def search_regex(pattern: str, folder: str, limit: int = 20) -> list[str]:
        """Searches the files below a folder for a regular expression."""
        found: list[str] = []
        compiled = compile_pattern(pattern)
        for path, text in corpus.below(folder):
            found.extend(f"{path}: {match.group()}" for match in compiled.finditer(text))
            if len(found) >= limit:
                break
        return count_found("regex", found[:limit])


def _register_readers(server: MCPServer[Any], read: Callable[[str], str]) -> None:
    @server.tool()
    def read_source(path: str, first_line: int = 1) -> str:
        """Reads a file of the standard library through a cache."""
        source = read(path)
        SOURCE_BYTES.observe(len(source.encode()))
        lines = source.splitlines()
        return "\n".join(lines[first_line - 1 : first_line - 1 + LINES_MAX])

    @server.tool()
    def summarise_module(path: str) -> list[str]:
        """Lists the classes and functions of a module with the first line of their documentation."""
        return [_summary(node) for node in ast.parse(read(path)).body if isinstance(node, _DEFINITIONS)]

    @server.resource("stdlib://head/{module}")
    def head(module: str) -> str:
        return "\n".join(read(f"{module}.py").splitlines()[:20])

    @server.prompt()
    def review(path: str) -> str:
        """Asks for a review of a module."""
        return f"Review this module:\n\n{read(path)[:2000]}"


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _summary(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    documentation = ast.get_docstring(node) or ""
    return f"{node.name}: {documentation.partition(chr(10))[0]}"


def _register_troublemakers(server: MCPServer[Any], corpus: Corpus) -> None:
    @server.tool()
    async def count_lines(folder: str) -> int:
        """The slow one: counts the lines below a folder, politely, with a pause after every few files."""
        lines = 0
        for number, (_, text) in enumerate(list(corpus.below(folder))):
            lines += text.count("\n")
            if number % 5 == 0:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        return lines

    @server.tool()
    def evaluate(expression: str) -> CallToolResult:
        """The one that fails on some inputs: evaluates a Python literal, and has no answer to an empty one."""
        if not expression:
            return CallToolResult(content=[TextContent(type="text", text="nothing to evaluate")], is_error=True)
        value = ast.literal_eval(expression)
        return CallToolResult(content=[TextContent(type="text", text=repr(value))])

    @server.tool()
    async def wait_forever(ctx: Context[Any, Any]) -> str:
        """The one that hangs until it is cancelled. Says that it has begun, so that a client knows what it cancels."""
        await ctx.report_progress(0, 1, "waiting")
        await asyncio.Event().wait()
        return "never"
