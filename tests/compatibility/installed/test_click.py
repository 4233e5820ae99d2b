"""Click: commands, groups, callbacks of options."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

FRAMEWORK = "Click"
DISTRIBUTION = "click"


@pytest.mark.calls(5)
def test_commands(tool: Any) -> object:
    """`@click.group` and `@click.command` over tools, options under and over, a callback, `pass_context`."""

    @click.group()
    @tool("group")
    def main() -> None:
        """The group."""

    @main.command()
    @click.option("--size", type=int, default=3, callback=tool("check")(lambda context, parameter, value: value + 1))
    @tool("show")
    @click.argument("name")
    @click.pass_context
    def show(context: click.Context, name: str, size: int) -> None:
        """Shows a thing."""
        click.echo(f"{context.info_name} {name} {size}")

    runner = CliRunner()
    results = [runner.invoke(main, each) for each in (["show", "x"], ["show", "--help"], ["show"], ["--help"])]
    return [(result.exit_code, result.output) for result in results], show.name
