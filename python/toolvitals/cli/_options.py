"""The options that every command which reads metrics has, and the kinds of values that options take."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable
from typing import Any

import click

from toolvitals.cli._source import DEFAULT_TIMEOUT_S, DEFAULT_URL, choose
from toolvitals.cli._words import printable

__all__ = ["PathText", "Seconds", "format_option", "source_options"]


class Seconds(click.FloatRange):
    """A time in seconds within a range; neither NaN, which no range keeps out, nor an infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; BadParameter where it is none, or out of range."""
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


class PathText(click.types.StringParamType):
    """The path of a file: a text, for that is what is handed on. Other bytes than UTF-8 are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; BadParameter where it is not UTF-8."""
        path = super().convert(value, param, ctx)
        try:
            path.encode()
        except UnicodeEncodeError:
            self.fail(f"{printable(path)} is not UTF-8.", param, ctx)
        return path


_OPTIONS = (
    click.option(
        "--dir",
        "directory",
        type=PathText(),
        metavar="FOLDER",
        help="The folder that the processes of a service share: TOOLVITALS_DIR.",
    ),
    click.option("--url", metavar="URL", help=f"An endpoint. Without both: TOOLVITALS_DIR if set, else {DEFAULT_URL}."),
    click.option(
        "--token", metavar="TOKEN", help="The endpoint's bearer token; METRICS_AUTH_TOKEN keeps it out of `ps`."
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=Seconds(0.1, 3600),
        metavar="SECONDS",
        help=f"How long the endpoint may take.  [default: {DEFAULT_TIMEOUT_S:g}]",
    ),
)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --dir, --url, --token and --timeout to a command, which is given `choose_source`.

    That is a function without arguments: it returns the source that the options choose, or raises Failure.
    """

    @functools.wraps(command)
    def with_source(
        *, directory: str | None, url: str | None, token: str | None, timeout_s: float | None, **rest: Any
    ) -> Any:
        return command(choose_source=lambda: choose(url, directory, token, timeout_s, os.environ), **rest)

    decorated: Callable[..., Any] = with_source
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def format_option(*formats: str) -> Callable[..., Any]:
    """Adds --format to a command, which is given `format_`: one of these, the first unless another is asked for."""
    return click.option(
        "--format", "format_", type=click.Choice(formats), default=formats[0], show_default=True, help="How to print."
    )
