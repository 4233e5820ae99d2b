"""__init__.py and cli: who only looks at a service is no process of it; who records or serves is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from child import TOOLVITALS, result_of, run, toolvitals
from ports import free_port
from programs import imports, joining
from service import Service

import toolvitals as tv

LOOKS = [
    ["top", "--once"],
    ["top", "--once", "--interval", "0.1"],
    ["snapshot"],
    ["snapshot", "--format", "prometheus"],
    ["doctor"],
    ["doctor", "--json"],
    ["--version"],
    *([name, "--help"] for name in ("top", "snapshot", "doctor", "serve")),
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path / "run")
    yield running
    running.end_all()


def test_a_command_in_a_service_s_environment_leaves_no_trace(service: Service) -> None:
    service.begin().record("search", 1.0)
    files = service.files()
    environment = {
        "TOOLVITALS_DIR": str(service.directory),
        "METRICS_JSON_ENDPOINT_ENABLED": "true",
        "METRICS_JSON_PORT": str(free_port()),
        "PROMETHEUS_ENABLED": "true",
        "PROMETHEUS_PORT": str(free_port()),
        "TOOLVITALS_STRICT": "1",
    }
    for arguments in LOOKS:
        finished = toolvitals(*arguments, **environment)
        assert (finished.returncode, finished.stderr) == (0, ""), arguments
        assert service.files() == files, arguments
    # Today's timer, run again and again, goes on finding nothing.
    assert json.loads(toolvitals("doctor", "--json", **environment).stdout)["exit_code"] == 0
    assert service.workers[0].metrics()["toolvitals"]["processes"] == {"live": 1, "retired": 0, "unshared": 0}


def test_a_command_looks_whether_or_not_the_service_records(service: Service) -> None:
    service.begin().record("search", 1.0)
    environment = {"TOOLVITALS_DIR": str(service.directory), "PERFORMANCE_METRICS_ENABLED": "false"}
    assert json.loads(toolvitals("snapshot", **environment).stdout)["tools"]["search"]["total_calls"] == 1


def test_a_folder_is_shown_by_the_settings_of_the_environment(service: Service) -> None:
    service.begin(METRICS_NAMESPACE="myapp").record("search", *(float(x) for x in range(7)))
    environment = {
        "TOOLVITALS_DIR": str(service.directory),
        "METRICS_NAMESPACE": "myapp",
        "METRICS_QUANTILE_METHOD": "inclusive",
    }
    assert "\nmyapp_tool_calls_total{" in toolvitals("snapshot", "--format", "prometheus", **environment).stdout
    window = json.loads(toolvitals("snapshot", **environment).stdout)["tools"]["search"]["latency_ms"]
    assert window["p75"] == 4.5


def test_the_budgets_of_the_service_are_no_matter_to_who_looks(service: Service) -> None:
    service.begin().record("search", 1.0)
    environment = {"METRICS_WINDOW_SIZE": "1000000", "METRICS_MEMORY_LIMIT_MB": "1", "METRICS_MAX_SERIES": "1"}
    finished = toolvitals("snapshot", TOOLVITALS_DIR=str(service.directory), **environment)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert json.loads(finished.stdout)["tools"]["search"]["total_calls"] == 1


def test_address_space_that_is_short_is_no_trace(service: Service) -> None:
    service.begin().record("search", 1.0)
    limited = f"ulimit -v 600000; exec {sys.executable} -m toolvitals doctor"
    finished = subprocess.run(
        ["bash", "-c", limited],
        env={**os.environ, "METRICS_MEMORY_LIMIT_MB": "1024", "TOOLVITALS_DIR": str(service.directory)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (1, "")
    assert "finds no room in memory" in " ".join(finished.stdout.split())


def test_a_setting_that_is_none_is_no_matter_to_who_looks(service: Service) -> None:
    service.begin()
    finished = toolvitals("doctor", TOOLVITALS_DIR=str(service.directory), METRICS_WINDOW_SIZE="many")
    assert (finished.returncode, finished.stderr) == (0, "")


def test_a_program_that_only_looks_joins_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert result_of(imports.look, TOOLVITALS_DIR=str(folder)) == []
    modules = ["toolvitals.cli", "toolvitals.cli.group", "toolvitals.cli.doctor", "toolvitals.cli.top"]
    modules += ["toolvitals.cli.snapshot", "toolvitals.cli.serve"]
    assert result_of(imports.look, *modules, TOOLVITALS_DIR=str(folder)) == []
    assert not folder.exists()


@pytest.mark.parametrize("how", joining.USES)
def test_whoever_records_or_serves_is_a_process_of_the_service(how: str, tmp_path: Path) -> None:
    assert result_of(joining.use, how, TOOLVITALS_DIR=str(tmp_path / "run"))


def test_a_program_can_say_that_it_is_none_of_the_service(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(joining.forget_the_directory_and_record, TOOLVITALS_DIR=str(folder))
    assert not folder.exists()


def test_who_only_sends_to_a_metrics_server_joins_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    environment = {"TOOLVITALS_DIR": str(folder), "TOOLVITALS_STRICT": "1"}
    assert result_of(joining.send_only, str(tmp_path / "s"), **environment) is False
    assert not folder.exists()


def test_every_public_name_is_there() -> None:
    assert set(tv.__all__) <= set(dir(tv))
    assert all(getattr(tv, name) is getattr(tv, name) for name in tv.__all__)
    with pytest.raises(AttributeError, match="module 'toolvitals' has no attribute 'no_such_name'"):
        tv.no_such_name  # type: ignore[attr-defined]  # noqa: B018
    assert tv.__version__ == tv._core.__version__  # type: ignore[attr-defined]


@pytest.mark.parametrize("inherited", ["none", "other"])
def test_a_server_joins_the_folder_that_it_was_given_and_no_other(inherited: str, tmp_path: Path) -> None:
    given, other = tmp_path / "given", tmp_path / "other"
    environment = {} if inherited == "none" else {"TOOLVITALS_DIR": str(other)}
    arguments = ["serve", "--prometheus-port", "0", "--dir", str(given)]
    with subprocess.Popen(
        [*TOOLVITALS, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "Prometheus" in process.stdout.readline()
        assert len(os.listdir(given)) == 1
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert not other.exists()
