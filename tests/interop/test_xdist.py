"""pytest-xdist with TOOLVITALS_DIR in its environment: what one worker records or zeroes is nobody else's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from environments import environment_with

__all__: list[str] = []

pytestmark = pytest.mark.interop

TESTS = """
import pytest
import toolvitals as tv
from toolvitals.testing import isolated, snapshot


@pytest.fixture
def metrics():
    with isolated() as collector:
        yield collector


@pytest.mark.parametrize("number", range(60))
def test_counts_are_the_tests_own(metrics, number):
    with tv.start(json_port=0):
        for i in range(300):
            metrics.record_tool_call("search", latency_ms=1.0)
            assert snapshot()["tools"]["search"]["total_calls"] == i + 1
"""


@pytest.mark.timeout(400)
def test_isolated_isolates(tmp_path: Path) -> None:
    environment = environment_with("xdist", "pytest>=8", "pytest-xdist>=3")
    (tmp_path / "test_users.py").write_text(TESTS)
    # A process of the service that the directory is of, beside the tests: it keeps what it counted.
    counts = "import toolvitals as tv; tv.get_collector().record_tool_call('real', latency_ms=1.0); "
    told = "print(tv.get_collector().get_all_metrics()['tools']['real']['total_calls'])"
    environment["TOOLVITALS_DIR"] = str(tmp_path / "run")
    beside = subprocess.Popen(
        [environment["PYTHON"], "-c", f"{counts} print(flush=True); input(); {told}"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert beside.stdout is not None
    beside.stdout.readline()
    finished = subprocess.run(
        [environment["PYTHON"], "-m", "pytest", "-q", "-n", "3", "-p", "no:cacheprovider", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    answer, _ = beside.communicate("\n", timeout=60)
    assert finished.returncode == 0, finished.stdout
    assert "60 passed" in finished.stdout
    assert answer.split() == ["1"]
