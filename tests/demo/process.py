"""The server's process, as the demo that starts it sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demo.settings import server_environment

__all__ = ["END_SECONDS", "serving"]

END_SECONDS = 10


@contextmanager
def serving(database: Path) -> Iterator[dict[str, str]]:
    """Runs the server; the addresses it printed. RuntimeError where it ends before it has printed them."""
    command = [sys.executable, "-m", "tests.demo.server", str(database)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=server_environment(),
        text=True,
        # Ctrl-C reaches every process of the terminal's session; the server is to end after its metrics were read.
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start (exit code {process.wait(END_SECONDS)})")
        yield json.loads(line)
    finally:
        process.stdin.close()  # The server's sign to end, which it gets even when this process is killed.
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
