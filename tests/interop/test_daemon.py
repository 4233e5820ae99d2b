"""python-daemon, which closes every descriptor that it finds, detached and not, around a program that serves."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from environments import environment_with

__all__: list[str] = []

pytestmark = pytest.mark.interop

PROGRAM = """
import json, os, sys, urllib.request
import daemon
import toolvitals as tv

collector = tv.get_collector()
detach, when, report = sys.argv[1] == "detached", sys.argv[2], sys.argv[3]
facts = {}
before = tv.start(json_port=0) if when == "before" else None
collector.record_tool_call("outside", latency_ms=1.0)
with daemon.DaemonContext(detach_process=detach, working_directory=os.getcwd()):
    facts["running before"] = before is not None and before.running
    own = open(report + ".own", "w+")
    handle = tv.start(json_port=0)
    facts["running"] = handle.running
    for i in range(200):
        collector.record_tool_call(f"inside{i}", latency_ms=1.0)
    told = json.load(urllib.request.urlopen(handle.json_url))["tools"]
    facts["inside"] = sum(tool["total_calls"] for name, tool in told.items() if name != "outside")
    facts["overflow"] = "overflow" in told
    facts["outside"] = told["outside"]["total_calls"]
    if before is not None:
        before.stop()
    tv.stop()
    facts["own file"] = os.fstat(own.fileno()).st_size
with open(report + ".new", "w") as file:
    json.dump(facts, file)
os.rename(report + ".new", report)
"""


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return environment_with("daemon", "python-daemon>=3")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("shares", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("when", ["before", "inside"])
@pytest.mark.parametrize("detach", ["detached", "attached"])
def test_a_daemon_serves(tmp_path: Path, environment: dict[str, str], detach: str, when: str, shares: bool) -> None:
    report = tmp_path / "report.json"
    finished = subprocess.run(
        [environment["PYTHON"], "-c", PROGRAM, detach, when, str(report)],
        env={**environment, **({"TOOLVITALS_DIR": str(tmp_path / "run")} if shares else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert finished.returncode == 0, finished.stderr
    while not report.exists():
        time.sleep(0.02)
    facts = json.loads(report.read_text())
    # A detached daemon is another process than the one that counted before, and shows that one's calls where both share
    # a directory.
    assert facts["outside"] == (1 if detach == "attached" or shares else 0)
    assert {key: facts[key] for key in ("running before", "running", "inside", "overflow", "own file")} == {
        "running before": False,
        "running": True,
        "inside": 200,
        "overflow": False,
        "own file": 0,
    }
    assert os.path.getsize(f"{report}.own") == 0
