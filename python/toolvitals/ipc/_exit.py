"""Has a function called when the process ends, also where that is a worker of multiprocessing, which skips atexit."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["call_at_exit"]

# Behind everything else that multiprocessing does at the end of a worker, which may still record.
_LAST = -1000


def call_at_exit(function: Callable[[], object]) -> None:
    """Calls the function at the end of this process, and of those forked from it; in some of them more than once.

    Not where a process ends by a signal or by `os._exit`. `function` lives as long as the process.
    """
    atexit.register(function)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: _call_at_exit_of_worker(function))
    _call_at_exit_of_worker(function)
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        _finalize(function)


def _call_at_exit_of_worker(function: Callable[[], object]) -> None:
    """Prepares for this process to become a worker: one that has begun, and imports its program, or has been forked."""
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        # A worker forgets all finalizers when its work begins, and then calls what was registered here.
        util.register_after_fork(function, _finalize)


def _finalize(function: Callable[[], object]) -> None:
    from multiprocessing.util import Finalize  # which is imported already

    Finalize(None, function, exitpriority=_LAST)
