"""cli/snapshot.py and what it is made of: formats, names, and files that are never half-written."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from canned import document, tool
from click.testing import CliRunner, Result
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

import toolvitals as tv
from toolvitals.cli._failure import Failure
from toolvitals.cli._file import write_file
from toolvitals.cli.group import toolvitals
from toolvitals.cli.snapshot import _part_of
from toolvitals.testing import isolated


@pytest.fixture
def endpoints() -> Iterator[tv.Endpoints]:
    with isolated() as collector, tv.start(json_port=0) as running:
        collector.record_tool_call("search", latency_ms=1.0)
        collector.record_cache_hit("files")
        yield running


def snapshot(endpoints: tv.Endpoints, *arguments: str) -> Result:
    assert endpoints.json_url is not None
    return CliRunner().invoke(toolvitals, ["snapshot", "--url", endpoints.json_url, *arguments])


def test_json_is_what_the_endpoint_sends(endpoints: tv.Endpoints) -> None:
    result = snapshot(endpoints)
    assert result.exit_code == 0
    assert result.output.count("\n") == 1
    assert json.loads(result.output)["tools"] == tv.get_collector().get_all_metrics()["tools"]
    pretty = snapshot(endpoints, "--pretty")
    assert '\n  "schema_version": 1,\n' in pretty.output
    assert json.loads(pretty.output)["tools"] == json.loads(result.output)["tools"]


def test_pretty_json_has_nothing_in_it_that_a_terminal_would_obey(endpoints: tv.Endpoints) -> None:
    name = "über \x1b[2J\x9b\u202e\U000e0001"
    tv.get_collector().record_tool_call(name, latency_ms=1.0)
    result = snapshot(endpoints, "--pretty")
    assert result.output.replace("\n", "").isprintable()
    assert "über" in result.output
    assert name in json.loads(result.output)["tools"]


def test_prometheus_and_openmetrics(endpoints: tv.Endpoints) -> None:
    text = snapshot(endpoints, "--format", "prometheus").output
    assert "tool_calls" in {family.name for family in parse_text(text)}
    open_metrics = snapshot(endpoints, "--format", "openmetrics").output
    assert "tool_calls" in {family.name for family in parse_openmetrics(open_metrics)}


def test_names_choose_families(endpoints: tv.Endpoints) -> None:
    text = snapshot(endpoints, "--format", "prometheus", "--name", "tool_calls_total").output
    assert [family.name for family in parse_text(text)] == ["tool_calls"]
    names = ("--name", "tool_calls", "--name", "tool_call_duration_seconds_bucket")
    text = snapshot(endpoints, "--format", "openmetrics", *names).output
    assert [family.name for family in parse_openmetrics(text)] == ["tool_calls", "tool_call_duration_seconds"]
    compact = snapshot(endpoints, "--name", "cache_hit_ratio").output
    whole = {"schema_version", "timestamp", "uptime_seconds", "window_size", "created", "namespace"}
    assert set(json.loads(compact)) == {*whole, "caches"}
    assert compact.count("\n") == 1


def test_layout_is_json_s_alone(endpoints: tv.Endpoints) -> None:
    for layout in ("--pretty", "--compact"):
        result = snapshot(endpoints, "--format", "prometheus", layout)
        assert result.exit_code == 2
        assert "are for JSON" in result.output


def test_the_output_goes_to_a_file_or_not(endpoints: tv.Endpoints, tmp_path: Path) -> None:
    path = tmp_path / "toolvitals.prom"
    result = snapshot(endpoints, "--format", "prometheus", "--output", str(path))
    assert (result.exit_code, result.output) == (0, "")
    assert "tool_calls" in {family.name for family in parse_text(path.read_text())}
    assert os.listdir(tmp_path) == ["toolvitals.prom"]
    assert "tool_calls_total" in snapshot(endpoints, "--format", "prometheus", "--output", "-").output
    result = snapshot(endpoints, "--output", str(tmp_path / "none" / "file"))
    assert result.exit_code == 2
    assert f"cannot be written: there is no folder {tmp_path / 'none'}" in result.output


def test_where_nothing_answers_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "toolvitals.prom"
    path.write_text("old")
    arguments = ["snapshot", "--url", "http://127.0.0.1:1", "--output", str(path)]
    result = CliRunner().invoke(toolvitals, arguments)
    assert result.exit_code == 3
    assert "nothing listens" in result.output
    assert path.read_text() == "old"


def test_a_file_is_replaced_as_a_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    old_umask = os.umask(0o027)
    try:
        write_file(str(path), b"one")
    finally:
        os.umask(old_umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    link = tmp_path / "link"
    link.symlink_to("file")
    with path.open("rb") as reader:
        write_file(str(link), b"two")
        assert reader.read() == b"one"
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]


def test_where_a_file_cannot_be_replaced_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), source)

    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(Failure, match="cannot be written: No space left on device"):
        write_file(str(path), b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_text() == "old"


def test_what_is_no_regular_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(str(pipe), b"bytes")
        assert os.read(descriptor, 100) == b"bytes"
    finally:
        os.close(descriptor)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("tool_calls_total", {"tools"}),
        ("myapp_tool_call_duration_seconds_bucket", {"tools"}),
        ("cache_hit_ratio", {"caches"}),
        ("process_open_fds", {"system"}),
        ("python_info", {"system"}),
        ("toolvitals_series", {"toolvitals"}),
        ("orders_total", {"metrics"}),
        ("orders", {"metrics"}),
        ("my_tool_calls_total", {"metrics"}),
        ("nothing", set()),
    ],
)
def test_a_part_of_a_document_is_kept(name: str, kept: set[str]) -> None:
    counter = {"type": "counter", "help": "", "unit": "", "series": []}
    namespace = "myapp" if name.startswith("myapp") else ""
    metrics = {"orders": counter, "my_tool_calls": counter}
    part = _part_of(document(tools={"search": tool()}, metrics=metrics, namespace=namespace), [name])
    assert set(part) - {"schema_version", "timestamp", "uptime_seconds", "window_size", "namespace"} == kept
    if kept == {"metrics"}:
        assert list(part["metrics"]) == [name.removesuffix("_total")]
