"""Loads a function in a process that knows nothing of where it was made, and calls it.

Usage: python load_pickled_program.py FILE [MODULE...]
"""

from __future__ import annotations

import importlib
import pickle
import sys
from pathlib import Path

from program import say

# What dill has pickled is loaded where dill is.
for module in sys.argv[2:]:
    importlib.import_module(module)
say(pickle.loads(Path(sys.argv[1]).read_bytes())(3))
