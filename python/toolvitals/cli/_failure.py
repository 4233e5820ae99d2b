"""The one way in which a command fails: a sentence on standard error, and exit code 2."""

from __future__ import annotations

import click

__all__ = ["Failure"]


class Failure(click.ClickException):
    """A command could not do what it was asked to. 1 is for commands that could, and found something wrong."""

    exit_code = 2
