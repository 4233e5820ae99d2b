"""Jinja: filters, tests and globals that are tools."""

from __future__ import annotations

import asyncio
from typing import Any

import jinja2
import pytest

FRAMEWORK = "Jinja"
DISTRIBUTION = "jinja2"


@pytest.mark.calls(7)
def test_environment(tool: Any) -> object:
    """A filter, `pass_context` over a tool and under it, an async filter and global, a generator looped over."""

    async def later(value: str) -> str:
        return value + "?"

    def pieces() -> Any:
        yield from "xy"

    def filled(enable_async: bool) -> jinja2.Environment:
        environment = jinja2.Environment(enable_async=enable_async, autoescape=True)
        environment.filters["shout"] = tool("shout")(lambda value: value.upper())
        environment.filters["over"] = jinja2.pass_context(tool("over")(lambda context, value: value + context["x"]))
        environment.filters["under"] = tool("under")(jinja2.pass_context(lambda context, value: value + context["x"]))
        environment.filters["later"] = tool("later")(later)
        environment.globals["pieces"] = tool("pieces")(pieces)
        environment.globals["fetch"] = tool("fetch")(later)
        environment.tests["long"] = tool("long")(lambda value: len(value) > 3)
        return environment

    text = "{{ x|shout }} {{ 'a'|over }} {{ 'b'|under }} {% for p in pieces() %}{{ p }},{% endfor %}{{ x is long }}"
    sync = filled(False).from_string(text).render(x="x")
    async_text = "{{ x|later }} {{ fetch(x) }}"
    return sync, asyncio.run(filled(True).from_string(async_text).render_async(x="x"))
