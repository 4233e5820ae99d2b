"""The command `toolvitals`: looks at a service's metrics from a terminal.

It needs what the extra `cli` brings (click, rich); without it the command says so. The command looks at a service and
never becomes a process of it, whatever TOOLVITALS_DIR says; only `serve` is one.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Runs the command line of this process; the exit code: 2 where the extra `cli` is not installed.

    SystemExit passes where the command ends by a signal.
    """
    try:
        from toolvitals.cli._output import run
        from toolvitals.cli.group import toolvitals
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print("This command needs the package click: install toolvitals[cli]", file=sys.stderr)
        return 2
    return run(toolvitals)
