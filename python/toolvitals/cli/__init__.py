"""The command `toolvitals`: looks at a service's metrics from a terminal.

It needs what the extra `cli` brings (click, rich); without it the command says so. Programs import the modules that
they need; nothing here runs when the package is imported.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Runs the command line of this process; the exit code: 2 where the extra `cli` is not installed.

    Ends by SystemExit, as click does, with the exit code of the command that was asked for.
    """
    try:
        from toolvitals.cli.group import toolvitals
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print("This command needs the package click: install toolvitals[cli]", file=sys.stderr)
        return 2
    toolvitals(prog_name="toolvitals")
    return 0
