"""The options that every command which reads metrics has."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import click

from toolvitals.cli._source import DEFAULT_TIMEOUT_S, DEFAULT_URL, choose

__all__ = ["source_options"]

_OPTIONS = (
    click.option(
        "--dir", "directory", metavar="FOLDER", help="The folder that the processes of a service share: TOOLVITALS_DIR."
    ),
    click.option("--url", metavar="URL", help=f"An endpoint. Without both: TOOLVITALS_DIR if set, else {DEFAULT_URL}."),
    click.option(
        "--token", metavar="TOKEN", help="The endpoint's bearer token; METRICS_AUTH_TOKEN keeps it out of `ps`."
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(0.1, 3600),
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
