"""The group of commands. Each is imported when it is called, so that help is quick and needs only what it shows."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import click

from toolvitals.cli._failure import Failure

__all__ = ["COMMANDS", "LazyGroup", "Place", "toolvitals"]

# What the extra `cli` brings, by the name that is imported.
_EXTRA = frozenset({"click", "rich"})


class Place(NamedTuple):
    """Where a command is, and what the list of commands says of it."""

    module: str
    name: str
    help: str


COMMANDS = {
    "doctor": Place("toolvitals.cli.doctor", "doctor", "Say in plain words what is wrong."),
    "serve": Place(
        "toolvitals.cli.serve", "serve", "Run a metrics server that takes records from programs in any language."
    ),
    "snapshot": Place("toolvitals.cli.snapshot", "snapshot", "Print all metrics once."),
    "top": Place("toolvitals.cli.top", "top", "Watch tools, operations, instruments and processes in a table."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are looked up by name, and not to list them."""

    places = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None; ends with exit code 2 where it needs what is not installed."""
        place = self.places.get(cmd_name)
        if place is None:
            return None
        try:
            command: click.Command = getattr(importlib.import_module(place.module), place.name)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package not in _EXTRA:
                raise
            raise Failure(f"`{cmd_name}` needs the package {package}: install toolvitals[cli]") from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list from what is known without an import."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.places[name].help) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="toolvitals", prog_name="toolvitals")
def toolvitals() -> None:
    """Look at the metrics of a tool server, or of all processes of a service.

    Metrics come from an endpoint (--url) or from the folder that the processes share (--dir).
    """
