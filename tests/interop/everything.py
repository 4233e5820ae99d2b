"""A running service that shows every family that there is, for tests that look at its endpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["service"]

PROGRAM = Path(__file__).with_name("everything_program.py")


@contextmanager
def service(**environment: str) -> Iterator[str]:
    """Where the service is scraped; two processes where a directory is given."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tv", dir="/tmp"))
        variables = {**os.environ, "METRICS_REFRESH_DEADLINE_S": "0.1", **environment}
        if "TOOLVITALS_DIR" in variables:
            variables["TOOLVITALS_DIR"] = f"{folder}/shared"
            os.mkdir(variables["TOOLVITALS_DIR"], 0o700)
            Path(folder, "shared", "7-7.segment").write_bytes(b"no segment")
        url = ""
        for part in ("second", "first") if "TOOLVITALS_DIR" in variables else ("first",):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(PROGRAM), folder, part],
                    env=variables,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            assert process.stdout is not None
            url = json.loads(process.stdout.readline()) or url
        yield url
