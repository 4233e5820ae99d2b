"""Command lines made of functions: Typer and Fire."""

from __future__ import annotations

from typing import Annotated, Any

import fire
import pytest
import typer
from typer.testing import CliRunner

FRAMEWORK = "Typer, Fire"
DISTRIBUTION = "typer"


@pytest.mark.calls(4)
def test_typer(tool: Any) -> object:
    """`@app.command` and `@app.callback` over tools; help is made of signature and docstring."""
    app = typer.Typer()

    @app.callback()
    @tool("callback")
    def main(loud: bool = False) -> None:
        """The whole."""

    @app.command()
    @tool("add")
    def add(a: int, b: Annotated[int, typer.Option(help="The second.")] = 1) -> None:
        """Adds."""
        typer.echo(a + b)

    runner = CliRunner()
    results = [runner.invoke(app, each) for each in (["add", "1", "--b", "2"], ["add", "--help"], ["add", "x"])]
    return [(result.exit_code, result.output) for result in results]


@pytest.mark.calls(2)
def test_fire(tool: Any, capsys: pytest.CaptureFixture[str]) -> object:
    """`fire.Fire` of a function and of a class with methods; help is made of signature and docstring."""

    def add(a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    class Tools:
        @tool("method")
        def method(self, a: int) -> int:
            """The method."""
            return a

    said = [fire.Fire(tool(add), ["1", "--b=2"]), fire.Fire(Tools, ["method", "3"])]
    with pytest.raises(SystemExit):
        fire.Fire(tool(add), ["--help"])
    captured = capsys.readouterr()
    return said, captured.out, captured.err
