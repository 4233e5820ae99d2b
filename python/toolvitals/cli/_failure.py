"""The ways in which a command fails: a sentence on standard error, and an exit code."""

from __future__ import annotations

import click

__all__ = ["Failure", "NotReached"]


class Failure(click.ClickException):
    """What was asked for cannot be done, whatever the service does: exit code 2, that of wrong usage.

    1 is for commands that could look, and found something wrong.
    """

    exit_code = 2


class NotReached(Failure):
    """The service was not reached, or what was reached is none: exit code 3."""

    exit_code = 3
