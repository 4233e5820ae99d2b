"""Cyclopts: commands whose arguments it reads from the annotations."""

from __future__ import annotations

from typing import Any

import cyclopts
import pytest

FRAMEWORK = "Cyclopts"
DISTRIBUTION = "cyclopts"


@pytest.mark.calls(2)
def test_commands(tool: Any, capsys: pytest.CaptureFixture[str]) -> object:
    """`@app.command` and `@app.default` over tools, sync and async."""
    app = cyclopts.App(name="compatibility", result_action="return_value")

    @app.command
    @tool("add")
    def add(a: int, *, b: int = 1) -> int:
        """Adds."""
        return a + b

    @app.default
    @tool("main")
    async def main(name: str = "x") -> str:
        return name

    app(["--help"])
    return app(["add", "3", "--b", "4"]), app(["--name", "y"]), capsys.readouterr().out
