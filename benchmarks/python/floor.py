"""The empty C call that everything is measured against, compiled when a run begins.

The standard library has nothing as empty: what comes near (`gc.disable`) takes 7% longer, which would flatter us.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["empty_c_call"]

SOURCE = Path(__file__).with_name("empty.c")


def empty_c_call() -> tuple[Callable[[], None], Any]:
    """An empty C function, and an object with an empty C method `nothing`.

    Raises:
        RuntimeError: there is no C compiler, or no header of this Python.
    """
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "empty.so"
        compiler = os.environ.get("CC", "cc")
        include = sysconfig.get_path("include")
        command = [compiler, "-O2", "-fPIC", "-shared", f"-I{include}", str(SOURCE), "-o", str(library)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if process.returncode != 0:
            raise RuntimeError(f"{SOURCE.name} does not compile:\n{process.stderr}")
        spec = importlib.util.spec_from_file_location("empty", library)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.nothing, module.Empty()
