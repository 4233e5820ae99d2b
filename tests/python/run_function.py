"""Calls a function of a module beside this file, for child.py: `python run_function.py MODULE FUNCTION [ARGUMENT...]`.

Little is imported here, so that a function finds the interpreter as a program of a user's finds it.
"""

from __future__ import annotations

import importlib
import sys


def main(module: str, name: str, *arguments: str) -> None:
    """What the function returns, where it returns something, is the last line of output, as JSON."""
    found = getattr(importlib.import_module(module), name)(*arguments)
    if found is not None:
        import json

        print(json.dumps(found))


# Workers of multiprocessing import this file again.
if __name__ == "__main__":
    main(*sys.argv[1:])
