"""Forked children: at their parent's endpoint, or in the directory that is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from child import result_of

__all__: list[str] = []

FORKS = """
    import json, os, signal
    import toolvitals as tv
    from toolvitals import prometheus
    collector = tv.get_collector()
    counter = prometheus.Counter("jobs", "Help.", ["kind"])
    gauge = prometheus.Gauge("level", "Help.")
    gauge.set(3)
    collector.record_tool_call("search", success=True, latency_ms=1.0)

    def fork(body):
        pid = os.fork()
        if pid == 0:
            try:
                body()
            finally:
                os._exit(0)
        return pid
"""


def test_forked_children_are_at_their_parents_endpoint() -> None:
    code = f"""{FORKS}
    def child():
        collector.record_tool_call("search", success=True, latency_ms=2.0)
        collector.record_tool_call("born in the child", success=True, latency_ms=2.0)
        counter.labels("a").inc()

    def parent_of_one():
        child()
        os.waitpid(fork(child), 0)
        os.kill(os.getpid(), signal.SIGKILL)

    for body in (child, parent_of_one, child):
        os.waitpid(fork(body), 0)
    metrics = collector.get_all_metrics()
    text = prometheus.generate_latest().decode()
    print(json.dumps([{{name: tool["total_calls"] for name, tool in metrics["tools"].items()}},
                      metrics["toolvitals"]["processes"], text.count('jobs_total{{kind="a"}} 4.0'),
                      [line for line in text.splitlines() if line.startswith("level")]]))
    """
    calls, processes, jobs, levels = result_of(code)
    assert calls == {"born in the child": 4, "search": 5}
    assert processes == {"live": 1, "retired": 4, "unshared": 0}
    assert jobs == 1
    # What the children have of the parent's gauge is not shown again.
    assert levels == ["level 3.0"]


def test_a_forked_childs_memory_is_given_back() -> None:
    code = f"""{FORKS}
    def child():
        collector.record_tool_call("search", success=True, latency_ms=2.0)

    for _ in range(300):
        os.waitpid(fork(child), 0)
    total = collector.get_tool_metrics("search")["total_calls"]
    with open("/proc/self/maps") as maps:
        slots = sum(1 for line in maps if "memfd:toolvitals" in line)
    print(json.dumps([total, slots]))
    """
    total, slots = result_of(code)
    assert total == 301
    assert slots <= 3


def test_a_child_that_serves_shows_itself_and_its_own_children() -> None:
    code = f"""{FORKS}
    reader, writer = os.pipe()

    def grandchild():
        collector.record_tool_call("search", success=True, latency_ms=2.0)

    def child():
        collector.record_tool_call("search", success=True, latency_ms=2.0)
        with tv.start(json_port=0):
            os.waitpid(fork(grandchild), 0)
            os.waitpid(fork(grandchild), 0)
            os.write(writer, json.dumps(collector.get_tool_metrics("search")["total_calls"]).encode())

    os.waitpid(fork(child), 0)
    print(json.dumps([json.loads(os.read(reader, 100)), collector.get_tool_metrics("search")["total_calls"]]))
    """
    of_child, of_parent = result_of(code)
    assert of_child == 3
    assert of_parent == 2


def test_forks_in_a_directory(tmp_path: Path) -> None:
    code = f"""{FORKS}
    def child():
        collector.record_tool_call("search", success=True, latency_ms=2.0)
        os.kill(os.getpid(), signal.SIGKILL)

    for _ in range(5):
        os.waitpid(fork(child), 0)
    total = collector.get_tool_metrics("search")["total_calls"]
    print(json.dumps([total, sorted(os.listdir({str(tmp_path / "run")!r}))]))
    """
    total, files = result_of(code, TOOLVITALS_DIR=str(tmp_path / "run"))
    assert total == 6
    assert len(files) == 2
    assert files[-1] == "retired"


def test_a_directory_that_is_gone_leaves_children_to_themselves(tmp_path: Path) -> None:
    code = f"""{FORKS}
    import shutil
    shutil.rmtree({str(tmp_path / "run")!r})
    def child():
        collector.record_tool_call("search", success=True, latency_ms=2.0)
        assert collector.get_tool_metrics("search")["total_calls"] == 1

    statuses = [os.waitpid(fork(child), 0)[1] for _ in range(2)]
    metrics = collector.get_all_metrics()
    print(json.dumps([statuses, metrics["tools"]["search"]["total_calls"], metrics["toolvitals"]["processes"]]))
    """
    statuses, total, processes = result_of(code, TOOLVITALS_DIR=str(tmp_path / "run"))
    assert statuses == [0, 0]
    assert total == 1
    assert processes["unshared"] == 2


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("kind", ["multiprocessing", "concurrent.futures"])
def test_pools_in_a_directory(tmp_path: Path, method: str, kind: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, concurrent.futures, toolvitals as tv\n"
        "@tv.tool\n"
        "def work(x):\n"
        "    return x\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    pool = context.Pool(2) if " + repr(kind) + " == 'multiprocessing' else \\\n"
        "        concurrent.futures.ProcessPoolExecutor(2, mp_context=context)\n"
        "    with pool:\n"
        "        assert list(pool.map(work, range(20))) == list(range(20))\n"
        "    print(tv.get_collector().get_tool_metrics('work')['total_calls'])\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "TOOLVITALS_DIR": str(tmp_path / "run")}
    finished = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100, env=environment)
    assert finished.stdout == "20\n", finished.stderr


def test_a_founder_resets_and_removes_for_its_children() -> None:
    code = f"""{FORKS}
    begin, began, again, done = os.pipe(), os.pipe(), os.pipe(), os.pipe()

    def child():
        for amount in (5, 2):
            collector.record_tool_call("search", success=True, latency_ms=2.0)
            counter.labels("a").inc(amount)
            os.write(began[1], b"x")
            os.read(begin[0], 1)

    def text():
        return [line for line in prometheus.generate_latest().decode().splitlines() if line.startswith("jobs_total")]

    def calls():
        return collector.get_tool_metrics("search")["total_calls"]

    pid = fork(child)
    os.read(began[0], 1)
    seen = [calls(), text()]
    collector.reset()
    seen += [calls(), text()]
    counter.remove("a")
    seen += [text()]
    os.write(begin[1], b"x")
    os.read(began[0], 1)
    seen += [calls(), text()]
    os.write(begin[1], b"x")
    os.waitpid(pid, 0)
    seen += [calls(), text()]
    print(json.dumps(seen))
    """
    assert result_of(code) == [
        2,
        ['jobs_total{kind="a"} 5.0'],
        0,
        ['jobs_total{kind="a"} 0.0'],
        [],
        1,
        ['jobs_total{kind="a"} 2.0'],
        1,
        ['jobs_total{kind="a"} 2.0'],
    ]
