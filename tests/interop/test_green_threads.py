"""Programs that gevent or eventlet has patched first: their collectors run, and so do they."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ports import free_port
from test_prefork import APPS, get, wait_for
from waiting import wait_until

__all__: list[str] = []

LIBRARIES = ("gevent", "eventlet")


def told_by(app: str, *arguments: str) -> Any:
    """What a program of apps/ prints, as JSON."""
    command = [sys.executable, str(APPS / app), *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_patched_program_goes_on_and_collects(library: str) -> None:
    assert told_by("green_collectors.py", library) == [1, 2, [], 1, True]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("order", ["first", "late"])
def test_a_patched_program_is_called_by_the_clock(library: str, order: str) -> None:
    assert told_by("green_clock.py", library, order) == [[True, True], 0]


def test_under_gunicorns_gevent_worker(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", "gevent_wsgi"]
    environment = {**os.environ, "PYTHONPATH": str(APPS)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port, server)
            metrics_port = int(get(port))

            def shown() -> list[str]:
                lines = get(metrics_port, "/metrics").decode().splitlines()
                return [line for line in lines if line.startswith("of_worker ")]

            found = wait_until(shown, "the gauge's function was called")
        finally:
            server.terminate()
    assert float(found[0].split()[1]) == 1
