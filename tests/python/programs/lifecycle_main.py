"""Begins a worker of a module that has a hook of its end, registered when it is imported."""

from __future__ import annotations

import importlib
import multiprocessing


def begin_a_worker(method: str, imported: str) -> None:
    """The module is imported `before` multiprocessing.util is, or `after` it."""
    if imported == "after":
        importlib.import_module("multiprocessing.util")
    worker = importlib.import_module("programs.lifecycle_worker")
    importlib.import_module("multiprocessing.util")
    context = multiprocessing.get_context(method)
    process = context.Process(target=worker.work, name="worker")  # type: ignore[attr-defined]
    process.start()
    process.join()
    print("main", flush=True)
