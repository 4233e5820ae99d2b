"""How long an import takes, in fresh interpreters taking turns."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

__all__ = ["run"]

# toolvitals loads the rest of itself when it is first used.
IMPORTS = {
    "toolvitals": "from toolvitals import tool",
    "toolvitals.prometheus": "import toolvitals.prometheus",
    "prometheus_client": "import prometheus_client",
    "opentelemetry.sdk.metrics": "import opentelemetry.sdk.metrics",
}
PROGRAM = "from time import perf_counter_ns as c; s = c(); {statement}; print(c() - s)"


def run(quick: bool) -> dict[str, Any]:
    """Nanoseconds by module: the best of several interpreters."""
    taken: dict[str, list[int]] = {module: [] for module in IMPORTS}
    for _ in range(1 if quick else 10):
        for module, statement in IMPORTS.items():
            program = PROGRAM.format(statement=statement)
            process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            taken[module].append(int(process.stdout))
    return {module: min(elapsed) for module, elapsed in taken.items()}
