"""Stands for pip: everything that can be installed is installed, and what asks for something else fails."""

from __future__ import annotations

import importlib.metadata
import sys

from packaging.requirements import Requirement


def main(command: str, *requirements: str) -> None:
    assert command == "install", command
    for wanted in requirements:
        requirement = Requirement(wanted)
        assert requirement.name != "toolvitals", "toolvitals is not released yet, so nobody has it to install"
        distribution = importlib.metadata.distribution(requirement.name)
        extras = set(distribution.metadata.get_all("Provides-Extra", []))
        assert requirement.extras <= extras, f"{wanted}: the package has the extras {sorted(extras)}"


if __name__ == "__main__":
    main(*sys.argv[1:])
