"""The command line on the real folder of a service: processes that live, one that was killed, a file that is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import child
import pytest
from click.testing import CliRunner, Result

from toolvitals.cli.group import toolvitals

WORKER = Path(__file__).with_name("programs") / "folder_worker.py"


class Service:
    """Processes that share a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []

    def start(self) -> str:
        """Starts one more process; the address of its endpoint."""
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(WORKER), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()

    def run(self, *arguments: str) -> Result:
        environment = {"FORCE_COLOR": None, "TOOLVITALS_DIR": str(self.folder)}
        return CliRunner(env=environment).invoke(toolvitals, list(arguments))

    def findings(self) -> dict[str, str]:
        """The worst severity by check."""
        findings = json.loads(self.run("doctor", "--json").output)["findings"]
        return {finding["check"]: finding["severity"] for finding in reversed(findings)}


def words(result: Result) -> str:
    """What was printed, wherever its lines were broken."""
    return " ".join(result.output.split())


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path / "folder")
    running.folder.mkdir(mode=0o700)
    try:
        yield running
    finally:
        for process in running.processes:
            running.kill(process)


def test_a_healthy_service(service: Service) -> None:
    service.start()
    service.start()
    result = service.run("doctor")
    assert result.exit_code == 0, result.output
    assert "2 processes of the service now" in result.output
    assert json.loads(service.run("snapshot").output)["tools"]["search"]["total_calls"] == 2
    text = service.run("snapshot", "--format", "prometheus", "--name", "tool_calls_total").output
    assert 'tool_calls_total{tool="search",outcome="success"} 2' in text
    shown = service.run("top", "--once").output
    pids = {process.pid for process in service.processes}
    assert {int(line.split()[0]) for line in shown.splitlines() if " live " in line} == pids
    assert "2 calls" in shown


def test_windows_have_the_label_that_the_environment_names(service: Service) -> None:
    service.start()
    service.start()
    arguments = ["snapshot", "--format", "prometheus", "--dir", str(service.folder)]
    for environment, label in (({}, "q"), ({"METRICS_WINDOW_LABEL": "quantile"}, "quantile")):
        told = child.toolvitals(*arguments, **environment)
        assert f'tool_call_latency_window_seconds{{tool="search",{label}="0.99"}}' in told.stdout


def test_a_process_that_was_killed_is_still_counted(service: Service) -> None:
    service.start()
    service.start()
    service.kill(service.processes[1])
    assert json.loads(service.run("snapshot").output)["tools"]["search"]["total_calls"] == 2
    assert service.findings()["dead-segments"] == "note"
    # A timer that runs it raises no alarm over a worker that has ended.
    assert service.run("doctor").exit_code == 0
    shown = service.run("top", "--once").output
    assert any(line.split()[:2] == [str(service.processes[1].pid), "dead"] for line in shown.splitlines())
    service.kill(service.processes[0])
    assert service.findings()["dead-segments"] == service.findings()["processes"] == "note"
    assert service.run("doctor").exit_code == 0
    assert json.loads(service.run("snapshot").output)["tools"]["search"]["total_calls"] == 2


def test_files_that_are_none_of_the_service(service: Service) -> None:
    service.start()
    (service.folder / "notes.txt").write_text("not a segment")
    (service.folder / "0123456789abcdef.segment").write_bytes(b"")
    result = service.run("doctor")
    assert result.exit_code == 1
    assert "is empty: 0123456789abcdef" in words(result)
    assert "is none of toolvitals: notes.txt" in words(result)
    assert service.findings()["files"] == "error"


def test_an_endpoint_tells_of_its_folder_too(service: Service) -> None:
    service.start()
    (service.folder / "notes.txt").write_text("not a segment")
    url = service.start()
    result = service.run("doctor", "--url", url)
    assert result.exit_code == 1
    assert "1 file among the segments is not counted, for it is none of toolvitals." in words(result)
    shown = service.run("top", "--once", "--url", url).output
    assert sum(" live " in line for line in shown.splitlines()) == 2


def test_a_folder_that_others_may_write_to_is_not_looked_at(service: Service) -> None:
    service.start()
    os.chmod(service.folder, 0o777)
    result = service.run("doctor", "--json")
    assert result.exit_code == 3
    checks = {finding["check"] for finding in json.loads(result.output)["findings"]}
    # Its own folder in there is not, and the folder of everybody's is nobody's to close.
    assert checks == {"reachable"}
