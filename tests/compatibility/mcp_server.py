"""The tools, resources, prompts and routes that every generation of every MCP framework is given."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["CALLS", "Answers", "ask", "register"]

# What each of them gave, by name.
Answers = dict[str, Any]


ARGUMENTS: dict[str, dict[str, Any]] = {
    "sync_add": {"a": 1},
    "async_add": {"a": "3", "b": 4},
    "context_tool": {"a": 5},
    "sync_context_tool": {"a": 6},
    "fails": {},
    "in_between": {"a": 7},
    "sync_method": {"a": 8},
    "async_method": {"a": 9},
}
RESOURCES = ("memo://plain", "memo://items/x", "memo://contexts/y")
# Of the tools, the resources, the prompt and the route.
CALLS = len(ARGUMENTS) + len(RESOURCES) + 2


def with_context(function: Callable[..., Any], context: type) -> Callable[..., Any]:
    """Annotates `ctx` with the framework's own class, which this module cannot name."""
    function.__annotations__["ctx"] = context
    return function


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    """Another decorator, in between."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


class Store:
    """Methods as tools."""

    def __init__(self, tool: Any, context: type) -> None:
        def sync_method(self: Any, a: int, ctx: Any) -> str:
            """A sync method with a context."""
            return f"sync {a} {type(ctx).__name__}"

        async def async_method(self: Any, a: int, ctx: Any) -> str:
            """An async method with a context."""
            return f"async {a} {type(ctx).__name__}"

        kinds = {"sync_method": sync_method, "async_method": async_method}
        methods = {name: tool(name)(with_context(method, context)) for name, method in kinds.items()}
        self.bound = {name: method.__get__(self) for name, method in methods.items()}


def register(server: Any, tool: Any, context: type) -> None:
    """Registers all of them, each under `tool`."""

    def sync_add(a: int, b: int = 2) -> int:
        """Adds."""
        return a + b

    async def async_add(a: int, b: int = 2) -> int:
        """Adds."""
        return a + b

    async def context_tool(a: int, ctx: Any) -> str:
        """Takes a context."""
        return f"{a} {type(ctx).__name__}"

    def sync_context_tool(a: int, ctx: Any) -> str:
        """Takes a context."""
        return f"{a} {type(ctx).__name__}"

    async def fails() -> str:
        """Raises."""
        raise ValueError("never")

    server.tool()(tool("sync_add")(sync_add))
    server.tool()(tool("async_add")(async_add))
    server.tool()(tool("context_tool")(with_context(context_tool, context)))
    server.tool()(tool("sync_context_tool")(with_context(sync_context_tool, context)))
    server.tool()(tool("fails")(fails))
    server.tool(name="in_between")(logged(tool("in_between")(async_add)))
    for name, method in Store(tool, context).bound.items():
        server.tool(name=name)(method)

    def plain() -> str:
        """A resource."""
        return "plain"

    async def item(key: str) -> str:
        """A resource of a template."""
        return f"item {key}"

    async def context_item(key: str, ctx: Any) -> str:
        """A resource of a template, with a context."""
        return f"{key} {type(ctx).__name__}"

    def greet(who: str) -> str:
        """A prompt."""
        return f"Hello {who}"

    async def page(request: Any) -> Any:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("page")

    server.resource("memo://plain")(tool("plain")(plain))
    server.resource("memo://items/{key}")(tool("item")(item))
    server.resource("memo://contexts/{key}")(tool("context_item")(with_context(context_item, context)))
    server.prompt()(tool("greet")(greet))
    server.custom_route("/page", methods=["GET"])(tool("page")(page))


async def ask(call: Any, read: Any, prompt: Any) -> Answers:
    """Calls, reads and gets all of them by a client's three functions; what is raised is said by its text."""
    answers: Answers = {}
    for name, arguments in ARGUMENTS.items():
        try:
            answers[name] = await call(name, arguments)
        except Exception as error:
            answers[name] = str(error)
    for uri in RESOURCES:
        answers[uri] = await read(uri)
    answers["greet"] = await prompt("greet", {"who": "you"})
    return answers
