"""cli/doctor.py and cli/_facts.py: what is looked at, what is printed, and the exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from canned import FolderCore, document, segment
from click.testing import CliRunner, Result

import toolvitals as tv
from toolvitals import _core
from toolvitals.cli._facts import Folder, gather
from toolvitals.cli.group import toolvitals
from toolvitals.prometheus import Gauge
from toolvitals.sources import Directory
from toolvitals.testing import isolated


@pytest.fixture
def url() -> Iterator[str]:
    with isolated(), tv.start(json_port=0) as endpoints:
        assert endpoints.json_url is not None
        yield endpoints.json_url


def doctor(*arguments: str) -> Result:
    return CliRunner(env={"FORCE_COLOR": None, "COLUMNS": "100"}).invoke(toolvitals, ["doctor", *arguments])


def findings_of(result: Result) -> dict[str, list[str]]:
    """Severities by check."""
    found: dict[str, list[str]] = {}
    for finding in json.loads(result.output)["findings"]:
        assert set(finding) == {"check", "severity", "text", "advice"}
        found.setdefault(finding["check"], []).append(finding["severity"])
    return found


def test_a_healthy_endpoint(url: str) -> None:
    tv.get_collector().record_tool_call("search", latency_ms=1.0)
    result = doctor("--url", url)
    assert result.exit_code == 0, result.output
    assert f"{url.removesuffix('/metrics')}: nothing is wrong, " in result.output
    assert "ok       clock: The snapshot is fresh" in result.output
    assert "What to do" not in result.output


def test_an_endpoint_with_faults(url: str) -> None:
    tv.get_collector().record_tool_call("", latency_ms=1.0)
    tv.get_collector().record_tool_call("search", latency_ms=-1.0)
    with tv.track("hangs"):
        result = doctor("--url", url, "--hanging-after", "0.000001")
        report = json.loads(doctor("--url", url, "--hanging-after", "0.000001", "--json").output)
    assert result.exit_code == 1
    assert ": 3 warnings, " in result.output
    assert "warning  dropped-records: 1 record had an empty name" in result.output
    assert "         What to do: Measure with time.perf_counter()" in result.output
    assert "A call of hangs has been running" in result.output
    assert report["source"] == url.removesuffix("/metrics")
    assert report["exit_code"] == 1
    assert [finding["check"] for finding in report["findings"][:3]] == [
        "dropped-records",
        "dropped-records",
        "hanging-calls",
    ]
    assert max(len(line) for line in result.output.splitlines()) <= 100


def test_series_that_overflow_are_found_at_a_real_endpoint(url: str) -> None:
    gauge = Gauge("doctor_test_sizes", "Sizes.", ["user"], registry=None, max_series=2)
    gauge._show(0, True)
    try:
        for user in range(20):
            gauge.labels(f"user {user}").set(1)
        result = doctor("--url", url, "--json")
    finally:
        gauge._show(0, False)
        gauge._clear()
    assert result.exit_code == 1
    (found,) = (f for f in json.loads(result.output)["findings"] if f["check"] == "overflow")
    assert "18 records of doctor_test_sizes found no room for their labels." in found["text"]
    assert "The label user has" in found["text"]


def test_the_room_is_measured_by_the_service_s_own_limits(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(100):
        tv.get_collector().record_cache_hit(f"cache {number}")
    # What this environment allows says nothing of the service.
    monkeypatch.setenv("METRICS_MAX_SERIES", "100")
    assert findings_of(doctor("--url", url, "--json"))["room"] == ["ok"]
    settings = {
        "window_size": 1000,
        "quantile_method": "exclusive",
        "memory_limit_mb": 64,
        "namespace": "",
        "window_label": "q",
    }
    # A little more than there is, because what other tests left behind may go meanwhile.
    _core.configure(**settings, max_series=tv.snapshot().own.series + 2, strict=False)
    try:
        result = doctor("--url", url, "--json")
    finally:
        _core.configure(**settings, max_series=10_000, strict=False)
    assert findings_of(result)["room"] == ["warning"]
    assert result.exit_code == 1


def test_could_not_look(tmp_path: Path) -> None:
    result = doctor("--url", "http://127.0.0.1:1")
    assert result.exit_code == 3
    assert "error    reachable: nothing listens" in result.output
    result = doctor("--url", "http://127.0.0.1:1", "--json")
    assert result.exit_code == 3
    assert json.loads(result.output)["exit_code"] == 3
    assert findings_of(result) == {"reachable": ["error"]}
    result = doctor("--dir", str(tmp_path / "none"), "--json")
    assert result.exit_code == 3
    assert findings_of(result) == {"reachable": ["error"]}


def test_a_folder_that_cannot_be_read_is_told_of_with_its_permissions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(FolderCore):
        def read_directory(self, path: str) -> Any:
            raise PermissionError(13, "it is not yours")

    folder.chmod(0o755)
    read_by(Refused(), monkeypatch)
    result = doctor("--dir", str(folder), "--json")
    assert result.exit_code == 3
    assert findings_of(result) == {"reachable": ["error"], "permissions": ["warning"]}
    assert json.loads(result.output)["source"] == str(folder)
    assert "chmod 0700" in doctor("--dir", str(folder)).output


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_mount_without_a_folder_of_this_user_is_nobodys_to_close(tmp_path: Path, mode: int) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    mount.chmod(mode)
    result = doctor("--dir", str(mount))
    assert result.exit_code == 3
    assert "so each user has a folder in it" in " ".join(result.output.split())
    assert "chmod" not in result.output
    own = mount / f"toolvitals-{os.geteuid()}"
    own.mkdir(mode=0o700)
    own.chmod(0o777)
    result = doctor("--dir", str(mount))
    assert result.exit_code == 3
    assert f"chmod 0700 {own}" in " ".join(result.output.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # As this user's own is called in a folder of everybody's.
    path = tmp_path / f"toolvitals-{os.geteuid()}"
    path.mkdir(mode=0o700)
    return path


def read_by(core: FolderCore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolvitals.sources._directory._core", lambda: core)


@pytest.fixture
def fresh() -> dict[str, Any]:
    return document(timestamp=tv.get_collector().get_all_metrics()["timestamp"])


def test_a_healthy_folder(folder: Path, fresh: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    read_by(FolderCore(segment(version=tv.__version__), found=fresh), monkeypatch)
    result = doctor("--dir", str(folder), "--json")
    assert result.exit_code == 0, result.output
    assert {"permissions", "processes", "dead-segments", "files", "layouts", "versions"} <= set(findings_of(result))


def test_a_folder_with_faults(folder: Path, fresh: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    folder.chmod(0o777)
    reader = FolderCore(
        segment(),
        segment(version="9.9.9", created_unix=4e9),
        segment(state="dead", layout_version=2),
        segment(state="refused", reason="truncated"),
        segment(name="retired", state="refused", reason="service"),
        found={**fresh, "toolvitals": {**fresh["toolvitals"], "stale_reads": 2}},
    )
    read_by(reader, monkeypatch)
    result = doctor("--dir", str(folder), "--json")
    assert result.exit_code == 1
    found = findings_of(result)
    wrong = {check: severities for check, severities in found.items() if severities != ["ok"]}
    assert wrong == {
        "permissions": ["error"],
        "files": ["error"],
        "retired-file": ["error"],
        "dead-segments": ["note"],
        "future": ["warning"],
        "layouts": ["warning"],
        "versions": ["warning"],
        "collectors": ["warning"],
        "records": ["note"],
    }


def test_notes_are_no_fault(folder: Path, fresh: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    read_by(FolderCore(segment(state="dead"), found=fresh), monkeypatch)
    result = doctor("--dir", str(folder))
    assert result.exit_code == 0
    assert ": 3 notes, " in result.output


def test_the_folder_s_permissions_are_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by(FolderCore(), monkeypatch)
    folder.chmod(0o750)
    source = Directory(folder)
    assert gather(source, 1.0).folder == Folder(str(folder), 0o750, os.geteuid(), os.geteuid())
    folder.rmdir()
    assert gather(source, 1.0).folder is None


def test_json_is_asked_for_as_everywhere_or_as_before(url: str) -> None:
    assert set(findings_of(doctor("--url", url, "--format", "json"))) == set(
        findings_of(doctor("--url", url, "--json"))
    )
