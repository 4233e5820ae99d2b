"""Textual: handlers, actions, watchers and workers, found by name and asked how many arguments they take."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual import on, work
from textual.app import App, ComposeResult
from textual.reactive import reactive
from textual.widgets import Button, Label

FRAMEWORK = "Textual"
DISTRIBUTION = "textual"


@pytest.mark.calls(9)
def test_app(tool: Any) -> object:
    """`compose`, `on_mount`, `@on`, an action, `watch_`, `validate_` and `compute_`, a worker, sync and async."""
    seen: list[str] = []

    class Compatibility(App[None]):
        count: reactive[int] = reactive(0, init=False)
        BINDINGS = (("x", "note", "Notes"),)

        @tool("compose")
        def compose(self) -> ComposeResult:
            yield Button("Press", id="press")
            yield Label("label")

        @tool("on_mount")
        async def on_mount(self) -> None:
            seen.append("mounted")

        @on(Button.Pressed, "#press")
        @tool("pressed")
        def pressed(self) -> None:
            seen.append("pressed")
            self.count = 5

        @tool("watch")
        def watch_count(self, old: int, new: int) -> None:
            seen.append(f"{old} to {new}")

        @tool("validate")
        def validate_count(self, count: int) -> int:
            return min(count, 3)

        @tool("action")
        async def action_note(self) -> None:
            seen.append("noted")
            self.later()
            self.threaded()

        @work
        @tool("worker")
        async def later(self) -> None:
            seen.append("worked")

        @work(thread=True)
        @tool("thread")
        def threaded(self) -> None:
            seen.append("threaded")

    async def main() -> None:
        app = Compatibility()
        async with app.run_test() as pilot:
            await pilot.click("#press")
            await pilot.press("x")
            await app.workers.wait_for_complete()
            await pilot.pause()
            app.call_later(tool("called")(seen.append), "called")
            await pilot.pause()

    asyncio.run(main())
    return sorted(seen)
