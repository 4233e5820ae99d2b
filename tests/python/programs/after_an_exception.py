"""What follows the exception of a tool; coverage.py has to see every line."""

from __future__ import annotations

from toolvitals import tool


@tool
def boom() -> None:
    raise ValueError


def use() -> int:
    try:  # noqa: SIM105 (its lines are what is tested)
        boom()
    except ValueError:
        pass
    one = 1
    return one  # noqa: RET504


use()
two = 2
