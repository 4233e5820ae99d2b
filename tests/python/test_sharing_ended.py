"""What processes that have ended leave, and how it goes: with a directory and without."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from child import result_of
from service import Service, samples_of
from test_sharing_forks import FORKS

__all__: list[str] = []

_REPOSITORY = Path(__file__).resolve().parents[2]

ENDED = f"""{FORKS}
    from toolvitals._backend import core

    def run(body):
        os.waitpid(fork(body), 0)

    def text():
        return core.render("prometheus").decode()

    def lines(name):
        return [line for line in text().splitlines() if line.startswith(name)]

    def fork_and_wait(body):
        # Goes on when the child is told to end.
        reader, writer = os.pipe()
        def wait():
            os.close(writer)
            os.read(reader, 1)
            body()
        pid = fork(wait)
        os.close(reader)
        return lambda: (os.write(writer, b"x"), os.waitpid(pid, 0))
"""


@pytest.fixture(params=["alone", "directory"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    return {"TOOLVITALS_DIR": str(tmp_path / "run")} if request.param == "directory" else {}


def _ended(code: str, **environment: str) -> Any:
    return result_of(ENDED + code, **environment)


def test_expired_series_of_ended_children_leave_the_budget(environment: dict[str, str]) -> None:
    code = """
    brief = prometheus.Counter("brief", "Help.", ["session"], ttl_s=0.2)
    real = prometheus.Counter("real", "Help.", ["kind"])
    def child(number):
        for i in range(20):
            brief.labels(f"{number} {i}").inc()
        real.labels(f"kind {number}").inc()

    for number in range(6):
        run(lambda: child(number))
        while lines('brief_total{session'):
            pass
    # Whoever is taken in next takes the last of them along.
    run(lambda: None)
    series = json.loads(core.render("json"))["toolvitals"]["series"]
    print(json.dumps([lines("brief_total"), len(lines("real_total")), "overflow" in "".join(lines("real")), series]))
    """
    brief, real, is_folded, series = _ended(code, METRICS_MAX_SERIES="60", **environment)
    assert brief == []
    assert real == 6
    assert not is_folded
    assert series < 20


def test_a_series_that_somebody_uses_keeps_what_ended_processes_recorded(environment: dict[str, str]) -> None:
    code = """
    steady = prometheus.Counter("steady", "Help.", ["kind"], ttl_s=1000)
    other = prometheus.Counter("other", "Help.", ["kind"], ttl_s=1e-6)
    for _ in range(5):
        run(lambda: (steady.labels("a").inc(2), other.labels("a").inc()))
        text()
    steady.labels("a").inc()
    print(json.dumps([lines("steady_total"), lines("other_total")]))
    """
    assert _ended(code, **environment) == [['steady_total{kind="a"} 11'], []]


def test_a_series_that_is_removed_while_a_child_is_forked_does_not_come_back(environment: dict[str, str]) -> None:
    code = """
    gauge = prometheus.Gauge("depth", "Help.", ["kind"], multiprocess_mode="sum")
    info = prometheus.Info("about", "Help.", ["kind"])
    sizes = prometheus.Histogram("sizes", "Help.", ["kind"])
    families = [counter, gauge, info, sizes]
    ends = []
    for number in range(20):
        label = f"kind {number}"
        counter.labels(label).inc()
        gauge.labels(label).set(4)
        info.labels(label).info({"version": "1"})
        sizes.labels(label).observe(1)
        ends.append(fork_and_wait(lambda: None))
        for family in families:
            family.remove(label)
    names = ("jobs_total{", "depth{", "about_info{", "sizes_count{")
    living = [lines(name) for name in names]
    for end in ends:
        end()
    text()
    series = json.loads(core.render("json"))["toolvitals"]["series"]
    print(json.dumps([living, [lines(name) for name in names], series]))
    """
    living, ended, series = _ended(code, **environment)
    assert living == [[]] * 4
    assert ended == [[]] * 4
    assert series < 10


def test_what_a_child_records_into_a_removed_series_counts_from_zero(environment: dict[str, str]) -> None:
    code = """
    counter.labels("a").inc(5)
    end = fork_and_wait(lambda: counter.labels("a").inc(2))
    counter.remove("a")
    before = lines("jobs_total")
    end()
    print(json.dumps([before, lines("jobs_total")]))
    """
    assert _ended(code, **environment) == [[], ['jobs_total{kind="a"} 2']]


@pytest.mark.parametrize("is_read", [True, False])
def test_an_unregistered_family_leaves_with_what_ended_children_recorded(
    environment: dict[str, str], is_read: bool
) -> None:
    code = f"""
    seen = []
    for _ in range(5):
        plain = prometheus.Counter("plugin", "Help.", ["kind"])
        run(lambda: plain.labels("a").inc(5))
        if {is_read}:
            text()
        prometheus.REGISTRY.unregister(plain)
        seen.append([line for line in text().splitlines() if "plugin" in line])
        other = prometheus.Histogram("plugin", "Help.", buckets=(1, 2))
        other.observe(1)
        seen.append(lines("plugin_count"))
        seen.append(json.loads(core.render("json"))["toolvitals"]["merge_conflicts"])
        prometheus.REGISTRY.unregister(other)
    again = prometheus.Counter("plugin", "Help.", ["kind"])
    again.labels("a").inc()
    print(json.dumps([seen, lines("plugin_total")]))
    """
    seen, again = _ended(code, **environment)
    assert seen == [[], ["plugin_count 1"], {}] * 5
    assert again == ['plugin_total{kind="a"} 1']


def test_a_family_that_is_unregistered_while_children_live_leaves_with_them(environment: dict[str, str]) -> None:
    code = """
    plugin = prometheus.Counter("plugin", "Help.", ["kind"])
    plugin.labels("a").inc()
    ends = [fork_and_wait(lambda: plugin.labels("a").inc(2)) for _ in range(3)]
    prometheus.REGISTRY.unregister(plugin)
    seen = [[line for line in text().splitlines() if "plugin" in line]]
    for end in ends:
        end()
    seen.append([line for line in text().splitlines() if "plugin" in line])
    prometheus.REGISTRY.register(plugin)
    seen.append(lines("plugin_total"))
    print(json.dumps(seen))
    """
    assert _ended(code, **environment) == [[], [], ['plugin_total{kind="a"} 1']]


def test_a_child_that_unregisters_leaves_its_siblings_alone(environment: dict[str, str]) -> None:
    code = """
    plugin = prometheus.Counter("plugin", "Help.", ["kind"])
    run(lambda: plugin.labels("a").inc(2))
    end = fork_and_wait(lambda: None)
    run(lambda: (plugin.labels("a").inc(), prometheus.REGISTRY.unregister(plugin)))
    print(json.dumps(lines("plugin_total")))
    end()
    """
    assert _ended(code, **environment) == ['plugin_total{kind="a"} 2']


def test_a_daemon_takes_along_what_its_parent_left(tmp_path: Path) -> None:
    code = """
    plugin = prometheus.Counter("plugin", "Help.", ["kind"])
    plugin.labels("a").inc()
    parent = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == parent:
        pass
    before = lines("plugin_total")
    prometheus.REGISTRY.unregister(plugin)
    print(json.dumps([before, [line for line in text().splitlines() if "plugin" in line]]))
    """
    assert _ended(code, TOOLVITALS_DIR=str(tmp_path / "run")) == [['plugin_total{kind="a"} 1'], []]


@pytest.mark.parametrize("removals", [10, 1500])
def test_removals_are_noted_and_written_into_retired_later(tmp_path: Path, removals: int) -> None:
    code = f"""
    folder = os.environ["TOOLVITALS_DIR"]
    run(lambda: [counter.labels(str(i)).inc() for i in range({removals} + 5)])
    text()
    inode = os.stat(f"{{folder}}/retired").st_ino
    for i in range({removals}):
        counter.remove(str(i))
    kept = os.stat(f"{{folder}}/retired").st_ino == inode
    before = lines("jobs_total")
    journal = os.path.exists(f"{{folder}}/removed")
    refused = json.loads(core.render("json"))["toolvitals"]["refused_segments"]
    run(lambda: counter.labels("new").inc())
    after = lines("jobs_total")
    print(json.dumps([before, after, kept, journal, refused, os.path.exists(f"{{folder}}/removed")]))
    """
    before, after, is_kept, has_journal, refused, has_journal_then = _ended(code, TOOLVITALS_DIR=str(tmp_path / "run"))
    assert sorted(before) == sorted(f'jobs_total{{kind="{i}"}} 1' for i in range(removals, removals + 5))
    assert sorted(after) == sorted([*before, 'jobs_total{kind="new"} 1'])
    # After so many as are noted they are written out.
    assert is_kept == (removals < 1024)
    assert has_journal
    assert not has_journal_then
    assert refused == {}


def test_more_removals_than_are_noted_in_memory() -> None:
    code = """
    run(lambda: [counter.labels(str(i)).inc() for i in range(3000)])
    seen = [len(lines("jobs_total"))]
    run(lambda: [counter.labels(str(i)).inc() for i in range(3000)])
    # Of the sum, and of a child that was not taken in yet.
    for i in range(2999):
        counter.remove(str(i))
    seen.append(lines("jobs_total"))
    counter.clear()
    seen.append(lines("jobs_total"))
    print(json.dumps(seen))
    """
    assert _ended(code) == [3000, ['jobs_total{kind="2999"} 2'], []]


def test_a_child_reads_anew_what_its_parent_had_read(tmp_path: Path) -> None:
    code = """
    end = fork_and_wait(lambda: counter.labels("a").inc(4))
    text()
    run(lambda: counter.labels("a").inc(3))
    text()
    counter.labels("a").inc()
    run(lambda: print(json.dumps([lines("jobs_total") for _ in range(3)]), flush=True))
    end()
    """
    assert _ended(code, TOOLVITALS_DIR=str(tmp_path / "run")) == [['jobs_total{kind="a"} 4']] * 3


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "run")
    yield service
    service.end_all()


def test_the_last_of_several_workers_takes_a_family_along(service: Service) -> None:
    workers = [service.begin() for _ in range(3)]
    for worker in workers:
        worker.count("a", 5)
    workers[0].kill()
    workers[1].do("unregister", "jobs")
    # What it recorded itself goes, and nobody else's.
    assert samples_of(workers[1].text(), "jobs_total") == ['jobs_total{kind="a"} 10']
    workers[2].do("unregister", "jobs")
    for worker in workers[1:]:
        assert "jobs" not in worker.text()
    assert service.begin().metrics()["toolvitals"]["merge_conflicts"] == {}


def test_recycled_workers_with_labels_of_sessions(service: Service) -> None:
    for number in range(6):
        worker = service.begin(METRICS_MAX_SERIES="40")
        worker.do("define", "Counter", "sessions", {"labelnames": ["id"], "ttl_s": 0.05})
        for session in range(15):
            worker.do("use_child", "sessions", [f"{number} {session}"], "inc")
        worker.count(f"kind {number}")
        worker.text()
        worker.kill()
    last = service.begin(METRICS_MAX_SERIES="40")
    assert len(samples_of(last.text(), "jobs_total")) == 6
    assert samples_of(last.text(), "sessions_total") == []
    assert last.metrics()["toolvitals"]["series"] < 40


def test_gauges_of_more_processes_than_the_budget_holds(environment: dict[str, str]) -> None:
    code = """
    depth = prometheus.Gauge("depth", "Help.")
    for number in range(30):
        run(lambda: depth.set(number + 1))
        text()
    print(json.dumps(len(lines("depth"))))
    """
    assert 2 <= _ended(code, METRICS_MAX_SERIES="20", **environment) <= 22


@pytest.mark.parametrize("value", ["-1", "float('nan')", "float('inf')", "1e10"])
def test_a_time_to_live_is_a_number_of_seconds(value: str) -> None:
    code = f"""
    from toolvitals import prometheus
    try:
        prometheus.Counter("x", "Help.", ttl_s={value})
    except ValueError as error:
        print(f'"{{error}}"')
    """
    assert "from 0, for ever, to 1e9" in result_of(code)


@pytest.mark.parametrize("has_directory", ["0", "1"])
def test_processes_live_as_the_model_says(has_directory: str) -> None:
    command = [sys.executable, "-m", "tests.crash.lifetimes", "--seeds", "2", "--directory", has_directory]
    finished = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, timeout=110)
    assert finished.returncode == 0, finished.stderr
