"""Runs the crash test from the command line."""

from __future__ import annotations

import argparse

from tests.crash.run import run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=run.__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(run(arguments.kills, arguments.seed))
