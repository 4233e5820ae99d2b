"""Processes that share a directory: one truth, whoever answers."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from child import result_of, run
from programs import imports, sharing
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from service import Service, Worker, samples_of
from waiting import wait_until
from web import fetch

from toolvitals.sources import Directory

__all__: list[str] = []


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "run")
    yield service
    service.end_all()


def test_every_worker_answers_for_all(service: Service) -> None:
    first, second = service.begin(), service.begin()
    assert first.facts["dir"] == str(service.directory)
    first.record("search", 1.0, 2.0)
    second.record("search", 3.0)
    second.record("fetch", 4.0)
    for worker in (first, second):
        tools = worker.metrics()["tools"]
        assert {name: tool["total_calls"] for name, tool in tools.items()} == {"fetch": 1, "search": 3}
    assert oct(service.directory.stat().st_mode & 0o777) == "0o700"


def test_percentiles_are_those_of_the_union(service: Service) -> None:
    workers = [service.begin(METRICS_WINDOW_SIZE="50") for _ in range(3)]
    union: list[float] = []
    for seed, worker in enumerate(workers):
        latencies = [((i * 7919 + seed * 104729) % 1000) / 7 for i in range(80)]
        worker.record("search", *latencies)
        union += latencies[-50:]
    window = workers[0].metrics()["tools"]["search"]["latency_ms"]
    cuts = statistics.quantiles(union, n=100)
    assert [window[f"p{p}"] for p in (50, 75, 90, 95, 99)] == [cuts[p - 1] for p in (50, 75, 90, 95, 99)]
    assert window["count"] == 150
    assert window["mean"] == statistics.mean(union)
    assert window["stddev"] == statistics.stdev(union)


@pytest.mark.parametrize("ending", ["kill", "end"])
def test_what_a_worker_recorded_stays_when_it_ends(service: Service, ending: str) -> None:
    first, second = service.begin(), service.begin()
    second.record("search", 1.0, 2.0)
    second.count("a", 5)
    second.do("fail", "search", "TimeoutError")
    before = first.metrics()["tools"]["search"]
    getattr(second, ending)()
    assert first.metrics()["tools"]["search"] == before
    assert samples_of(first.text(), "jobs_total") == ['jobs_total{kind="a"} 5']
    assert [name for name in service.files() if not name.endswith(".segment")] == ["retired"]
    assert len(service.files()) == 2
    assert first.metrics()["toolvitals"]["processes"] == {"live": 1, "retired": 1, "unshared": 0}
    # The next one finds it as well, when all have ended.
    first.kill()
    assert service.begin().metrics()["tools"]["search"]["total_calls"] == 3


def test_calls_in_flight_end_with_their_process(service: Service) -> None:
    first, second = service.begin(), service.begin()
    second.do("begin_call", "hung")
    hung = first.metrics()["tools"]["hung"]
    assert hung["in_progress"] == 1
    assert hung["oldest_in_progress_ms"] > 0
    second.kill()
    assert first.metrics()["tools"]["hung"]["in_progress"] == 0


def test_each_process_has_its_own_figures(service: Service) -> None:
    first, second = service.begin(), service.begin()
    text = first.text()
    pids = {line.split('pid="')[1].split('"')[0] for line in samples_of(text, "process_resident_memory_bytes")}
    assert pids == {str(first.pid), str(second.pid)}
    assert samples_of(text, "toolvitals_processes") == [
        'toolvitals_processes{state="live"} 2',
        'toolvitals_processes{state="retired"} 0',
    ]
    system = first.metrics()["system"]
    assert {process["pid"] for process in system["processes"]} == {first.pid, second.pid}
    assert system["process"]["pid"] == first.pid
    assert system["process"]["threads"] == sum(process["threads"] for process in system["processes"])


GAUGES = {
    # mode: values of the living one and of the one that is killed -> samples while both live, and afterwards
    "min": ([2.0, 1.0], ["1.0"], ["1.0"]),
    "livemin": ([2.0, 1.0], ["1.0"], ["2.0"]),
    "max": ([1.0, 2.0], ["2.0"], ["2.0"]),
    "livemax": ([1.0, 2.0], ["2.0"], ["1.0"]),
    "sum": ([1.0, 2.0], ["3.0"], ["3.0"]),
    "livesum": ([1.0, 2.0], ["3.0"], ["1.0"]),
    "mostrecent": ([1.0, 2.0], ["2.0"], ["2.0"]),
    "livemostrecent": ([1.0, 2.0], ["2.0"], ["1.0"]),
}


@pytest.mark.parametrize("mode", GAUGES)
def test_gauges_by_mode(service: Service, mode: str) -> None:
    values, both, left = GAUGES[mode]
    workers = [service.begin(), service.begin()]
    for worker, value in zip(workers, values, strict=True):
        worker.do("define", "Gauge", "level", {"multiprocess_mode": mode})
        worker.do("use", "level", "set", value)
    assert samples_of(workers[0].text(), "level") == [f"level {value}" for value in both]
    workers[1].kill()
    assert samples_of(workers[0].text(), "level") == [f"level {value}" for value in left]


@pytest.mark.parametrize("mode", ["all", "liveall"])
def test_gauges_of_each_process(service: Service, mode: str) -> None:
    workers = [service.begin(), service.begin()]
    for place, worker in enumerate(workers):
        worker.do("define", "Gauge", "level", {"labelnames": ["x"], "multiprocess_mode": mode})
        worker.do("use_child", "level", ["y"], "set", place)
    first, second = (f'level{{x="y",pid="{worker.pid}"}} {place}.0' for place, worker in enumerate(workers))
    assert set(samples_of(workers[0].text(), "level")) == {first, second}
    workers[1].kill()
    assert set(samples_of(workers[0].text(), "level")) == ({first, second} if mode == "all" else {first})


def test_a_gauge_with_a_label_pid_of_its_own(service: Service) -> None:
    first, second = service.begin(), service.begin()
    for place, worker in enumerate((first, second)):
        worker.do("define", "Gauge", "level", {"labelnames": ["pid"]})
        worker.do("use_child", "level", ["7"], "set", place)
    assert len(samples_of(first.text(), "level")) == 1
    assert samples_of(first.text(), "level")[0].startswith('level{pid="7"} ')


def test_infos_and_states_of_the_most_recent(service: Service) -> None:
    first, second = service.begin(), service.begin()
    for worker in (first, second):
        worker.do("define", "Info", "build")
        worker.do("define", "Enum", "s", {"states": ["a", "b"]})
    for worker, facts, state in ((first, "1", "a"), (second, "2", "b"), (first, "3", "b"), (second, "4", "a")):
        worker.do("use", "build", "info", {"version": facts})
        worker.do("use", "s", "state", state)
        for reader in (first, second):
            text = reader.text()
            assert samples_of(text, "build_info") == [f'build_info{{version="{facts}"}} 1']
            assert f's{{s="{state}"}} 1' in samples_of(text, "s")


def test_unlike_families_are_conflicts_and_nothing_is_lost(service: Service) -> None:
    first, second = service.begin(), service.begin()
    for worker, buckets in ((first, [1, 2]), (second, [1, 3])):
        worker.do("define", "Histogram", "size", {"buckets": buckets})
        worker.do("use", "size", "observe", 1)
    text = first.text()
    assert samples_of(text, "size_count") == ["size_count 1"]
    assert samples_of(text, "toolvitals_merge_conflicts") == ['toolvitals_merge_conflicts{family="size"} 1']
    # What it recorded is taken in beside the other one, for whoever has such a family again.
    second.kill()
    first.metrics()
    first.kill()
    third = service.begin()
    third.do("define", "Histogram", "size", {"buckets": [1, 3]})
    third.do("use", "size", "observe", 1)
    assert samples_of(third.text(), "size_count") == ["size_count 2"]


def test_native_histograms_of_unequal_schema_are_reduced(service: Service) -> None:
    first, second = service.begin(), service.begin()
    for worker, schema in ((first, 5), (second, 2)):
        worker.do("define", "Histogram", "size", {"native_schema": schema})
        for amount in range(1, 500):
            worker.do("use", "size", "observe", amount / 7)
    assert samples_of(first.text(), "size_count") == ["size_count 998"]
    metric = first.metrics()["metrics"]["size"]
    assert json.dumps(metric).count("998") >= 1


def test_a_second_service_is_refused(service: Service) -> None:
    first, other = service.begin(), service.begin(METRICS_NAMESPACE="other")
    first.record("search", 1.0)
    other.record("search", 1.0)
    assert first.metrics()["tools"]["search"]["total_calls"] == 1
    assert first.metrics()["toolvitals"]["refused_segments"] == {"service": 1}


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(data[:5000])
    elif how == "version":
        data[8] ^= 0xFF
        path.write_bytes(data)
    elif how == "magic":
        data[0] ^= 0xFF
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["empty", "truncated", "version", "magic"])
def test_a_damaged_segment_is_skipped_and_counted(service: Service, how: str) -> None:
    first, second = service.begin(), service.begin()
    first.record("search", 1.0)
    own = set(service.files())
    third = service.begin()
    third.record("search", 1.0)
    (name,) = set(service.files()) - own
    third.kill()
    damage(service.directory / name, how)
    assert second.metrics()["tools"]["search"]["total_calls"] == 1
    assert second.metrics()["toolvitals"]["refused_segments"] == {how: 1}
    assert samples_of(second.text(), "toolvitals_refused_segments") == [
        f'toolvitals_refused_segments{{reason="{how}"}} 1'
    ]


def test_junk_is_skipped_and_counted(service: Service) -> None:
    first = service.begin()
    (service.directory / "README").write_text("hello")
    (service.directory / "link.segment").symlink_to("/etc/passwd")
    (service.directory / "folder.segment").mkdir()
    os.mkfifo(service.directory / "pipe.segment")
    (service.directory / "noise.segment").write_bytes(os.urandom(100_000))
    assert first.metrics()["toolvitals"]["refused_segments"] == {"irregular": 2, "junk": 1, "magic": 1, "symlink": 1}


def test_a_retired_file_of_another_version_is_left_alone(service: Service) -> None:
    first, second = service.begin(), service.begin()
    second.record("search", 1.0)
    second.kill()
    first.metrics()
    damage(service.directory / "retired", "version")
    before = (service.directory / "retired").read_bytes()
    third = service.begin()
    third.record("search", 1.0, 2.0)
    third.kill()
    metrics = first.metrics()
    assert metrics["tools"]["search"]["total_calls"] == 2
    assert metrics["toolvitals"]["refused_segments"] == {"version": 1}
    assert (service.directory / "retired").read_bytes() == before


def test_endpoints_of_all_workers_share_a_port(service: Service, unused_tcp_port: int) -> None:
    workers = [service.begin() for _ in range(3)]
    for worker in workers:
        worker.do("start", {"json_port": unused_tcp_port})
        worker.record("search", 1.0)

    def total() -> int:
        return int(fetch(f"http://127.0.0.1:{unused_tcp_port}/metrics").json()["tools"]["search"]["total_calls"])

    assert {total() for _ in range(20)} == {3}
    workers.pop().kill()
    workers.pop(0).kill()
    assert {total() for _ in range(20)} == {3}


def test_a_port_of_somebody_else_is_in_use(service: Service, tmp_path: Path, unused_tcp_port: int) -> None:
    first = service.begin()
    stranger = Worker(tmp_path / "other")
    try:
        stranger.do("start", {"json_port": unused_tcp_port})
        assert f"port {unused_tcp_port}" in first.do("start", {"json_port": unused_tcp_port})
    finally:
        stranger.kill()


def test_two_that_begin_together_do_not_join_a_stranger(tmp_path: Path, unused_tcp_port: int) -> None:
    stranger = Worker(tmp_path / "other")
    workers = [Worker(tmp_path / "run") for _ in range(2)]
    try:
        stranger.do("start", {"json_port": unused_tcp_port})
        begin = {"json_port": unused_tcp_port}
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda worker: str(worker.do("start", begin)), workers))
        assert all(f"port {unused_tcp_port}" in answer for answer in answers), answers
    finally:
        for worker in (stranger, *workers):
            worker.kill()


def test_many_that_begin_together_share_a_port(service: Service, unused_tcp_port: int) -> None:
    workers = [service.begin() for _ in range(6)]
    begin = {"json_port": unused_tcp_port}
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda worker: worker.do("start", begin), workers)) == [True] * 6


def test_a_bad_directory_is_an_error_at_start_and_none_at_import(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    # That it is logged at the first use is no error.
    for path, exception, told in (
        (
            tmp_path / "missing" / "run",
            "FileNotFoundError",
            f"'{tmp_path}/missing', which it is to be in, is not there",
        ),
        (tmp_path / "file" / "run", "NotADirectoryError", str(tmp_path / "file")),
    ):
        kind, message, recorded = json.loads(
            run(sharing.start_in_a_bad_directory, check=False, TOOLVITALS_DIR=str(path)).stdout
        )
        assert kind == exception
        assert told in message
        assert recorded == ["search"]


def test_a_full_disk_leaves_the_process_to_itself(tmp_path: Path) -> None:
    said, directory, calls = result_of(sharing.record_on_a_full_disk, TOOLVITALS_DIR=str(tmp_path / "run"))
    assert len(said) == 1
    assert "keeps the metrics of this process to itself" in said[0]
    assert directory is None
    assert calls == 1


def test_a_segment_that_cannot_grow_counts_in_its_overflow(tmp_path: Path) -> None:
    finished = run(sharing.record_where_files_cannot_grow, check=False, TOOLVITALS_DIR=str(tmp_path / "run"))
    assert json.loads(finished.stdout) == [500, True]
    [said] = finished.stderr.splitlines()
    assert "tool_calls in one overflow series, because the file of shared metrics cannot grow" in said


def test_generate_latest_is_of_all(service: Service) -> None:
    first, second = service.begin(), service.begin()
    first.count("a", 2)
    second.count("a", 3)
    second.count("b")
    text = first.do("exposition")
    assert set(samples_of(text, "jobs_total")) == {'jobs_total{kind="a"} 5.0', 'jobs_total{kind="b"} 1.0'}


def test_the_multi_process_collector_is_of_all(service: Service, tmp_path: Path) -> None:
    first, second = service.begin(), service.begin()
    first.count("a", 2)
    second.count("a", 3)
    second.do("define_unregistered", "Gauge", "own")
    second.do("use", "own", "set", 4)
    second.do("define", "Histogram", "size", {"buckets": [1]})
    second.do("use", "size", "observe", 0.5)
    text = first.do("exposition_of_directory", str(tmp_path))
    assert samples_of(text, "jobs_total") == ['jobs_total{kind="a"} 5.0']
    assert samples_of(text, "own") == [f'own{{pid="{second.pid}"}} 4.0']
    assert samples_of(text, "size_count") == ["size_count 1.0"]


def families_of(text: str) -> dict[str, Any]:
    """Type, help and samples of each family, as prometheus_client reads it."""
    return {
        family.name: (family.type, family.documentation, sorted(family.samples, key=repr))
        for family in text_string_to_metric_families(text)
        if not family.name.endswith("_created")
    }


def test_the_multi_process_collector_and_the_endpoint_say_the_same_of_every_kind(
    service: Service, tmp_path: Path
) -> None:
    first, second = service.begin(), service.begin()
    for process, amount in ((first, 2.0), (second, 3.5)):
        process.count("a", 2)
        process.count('a\n"\\é', 1)
        for kind, name, method, argument, options in (
            ("Gauge", "level", "set", amount, {"multiprocess_mode": "sum"}),
            ("Histogram", "size_bytes", "observe", amount, {"buckets": [1, 2.5], "unit": "bytes"}),
            ("Histogram", "change", "observe", -amount, {"buckets": [-1, 2.5]}),
            ("Summary", "wait", "observe", amount, {"quantiles": [0.5], "window_size": 10}),
            ("Info", "build", "info", {"version": "1"}, {}),
            ("Enum", "phase", "state", "up", {"states": ["down", "up"]}),
            ("Counter", "largest", "inc", 2**53 + amount, {}),
            ("Counter", "beyond.identifiers", "inc", amount, {}),
        ):
            process.do("define", kind, name, options)
            process.do("use", name, method, argument)
        process.do("define", "Counter", "untouched", {"labelnames": ["who"]})
    ours = families_of(first.do("exposition_of_directory", str(tmp_path)))
    native = families_of(first.do("text"))
    # As prometheus_client has it, a sum that can fall is no part of a family that counts.
    native["change"][2].remove(Sample("change_sum", {}, -5.5))
    assert {name: native[name] for name in ours} == ours
    names = {"jobs", "level", "size_bytes", "change", "wait", "build_info", "phase", "largest", "beyond_identifiers"}
    assert set(ours) == names


def test_series_have_the_same_order_whoever_answers(service: Service) -> None:
    workers = [service.begin() for _ in range(3)]
    for worker, kinds in zip(workers, ("abc", "cab", "bca"), strict=True):
        worker.do("define", "Gauge", "level", {"labelnames": ["kind"]})
        worker.do("define_open", "mixed")
        for kind in kinds:
            worker.count(kind, 1)
            worker.do("use_child", "level", [kind], "set", 1)
            for value in (kind, 1, "1", True, 1.0):
                worker.do("count_with", "mixed", {"value": value}, 1)
    seen = [
        [line for line in worker.do("text").splitlines() if line.startswith(("jobs_total", "level", "mixed_total"))]
        for worker in workers
    ]
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) == 3 + 9 + 6
    kept = Directory(service.directory).read().families
    assert [series.labels["kind"] for series in kept["jobs"].series] == ["a", "b", "c"]
    assert [repr(series.attributes["value"]) for series in kept["mixed"].series] == [
        *("'1'", "1", "1.0", "'a'", "'b'", "'c'", "True"),
    ]


def test_a_strangers_reading_changes_nothing(service: Service) -> None:
    first, second = service.begin(), service.begin()
    first.record("search", 1.0)
    second.record("search", 1.0)
    second.kill()
    files = service.files()
    assert result_of(sharing.read_a_directory, str(service.directory)) == [2, ["dead", "live"]]
    assert service.files() == files


def test_metrics_that_are_switched_off_share_nothing(tmp_path: Path) -> None:
    run(imports.import_package, TOOLVITALS_DIR=str(tmp_path / "run"), PERFORMANCE_METRICS_ENABLED="false")
    assert not (tmp_path / "run").exists()


def test_a_tool_that_is_recorded_while_others_read(service: Service) -> None:
    writer, reader = service.begin(), service.begin()
    writer.do("record_on_another_thread", "search", 200_000)
    last = 0

    def total() -> int:
        nonlocal last
        tool = reader.metrics()["tools"].get("search", {"total_calls": 0, "successful_calls": 0})
        assert tool["total_calls"] == tool["successful_calls"] >= last
        last = tool["total_calls"]
        return last

    wait_until(lambda: total() == 200_000, "all are recorded")
