"""Metrics in a file, for the node exporter's textfile collector."""

from __future__ import annotations

import os
import threading

from toolvitals.prometheus._text import generate_latest
from toolvitals.prometheus.escaping import ALLOWUTF8
from toolvitals.prometheus.registry import Collector

__all__ = ["write_to_textfile"]


def write_to_textfile(path: str, registry: Collector, escaping: str = ALLOWUTF8, tmpdir: str | None = None) -> None:
    """Writes the scrape to a file whose path should end in `.prom`.

    A reader sees the old file or the new one, never a part: it is written beside the path, or in `tmpdir` on the same
    file system, and renamed. OSError where that fails; the old file then stays. Thread-safe.
    """
    text = generate_latest(registry, escaping)
    folder, name = os.path.split(path)
    temporary = os.path.join(tmpdir or folder, f"{name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(temporary, "wb") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
