"""How long an import takes, in fresh interpreters taking turns."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

__all__ = ["run"]

MODULES = ("toolvitals", "prometheus_client", "opentelemetry.sdk.metrics")
PROGRAM = "from time import perf_counter_ns as c; s = c(); import {module}; print(c() - s)"


def run(quick: bool) -> dict[str, Any]:
    """Nanoseconds by module: the best of several interpreters."""
    taken: dict[str, list[int]] = {module: [] for module in MODULES}
    for _ in range(1 if quick else 10):
        for module in MODULES:
            program = PROGRAM.format(module=module)
            process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            taken[module].append(int(process.stdout))
    return {module: min(elapsed) for module, elapsed in taken.items()}
