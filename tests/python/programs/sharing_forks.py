"""Services that fork: at their parent's endpoint, or in the directory that is named."""

from __future__ import annotations

import json
import os
import shutil
import signal

from programs.forking import Service, fork, run

import toolvitals as tv
from toolvitals import prometheus


def _exposed(name: str) -> list[str]:
    return [line for line in prometheus.generate_latest().decode().splitlines() if line.startswith(name)]


def fork_and_be_killed() -> list[object]:
    service = Service()

    def child() -> None:
        service.record()
        service.collector.record_tool_call("born in the child", success=True, latency_ms=2.0)
        service.count("a")

    def parent_of_one() -> None:
        child()
        run(child)
        os.kill(os.getpid(), signal.SIGKILL)

    for body in (child, parent_of_one, child):
        run(body)
    metrics = service.collector.get_all_metrics()
    calls = {name: tool["total_calls"] for name, tool in metrics["tools"].items()}
    return [calls, metrics["toolvitals"]["processes"], _exposed("jobs_total"), _exposed("level")]


def fork_three_hundred() -> list[int]:
    service = Service()
    for _ in range(300):
        run(service.record)
    total = service.calls()
    with open("/proc/self/maps") as maps:
        slots = sum(1 for line in maps if "memfd:toolvitals" in line)
    return [total, slots]


def fork_who_serves() -> list[int]:
    service = Service()
    reader, writer = os.pipe()

    def child() -> None:
        service.record()
        with tv.start(json_port=0):
            run(service.record)
            run(service.record)
            os.write(writer, json.dumps(service.calls()).encode())

    run(child)
    return [json.loads(os.read(reader, 100)), service.calls()]


def fork_in_a_directory() -> list[object]:
    service = Service()

    def child() -> None:
        service.record()
        os.kill(os.getpid(), signal.SIGKILL)

    for _ in range(5):
        run(child)
    total = service.calls()
    return [total, sorted(os.listdir(os.environ["TOOLVITALS_DIR"]))]


def fork_without_the_directory() -> list[object]:
    service = Service()
    shutil.rmtree(os.environ["TOOLVITALS_DIR"])

    def child() -> None:
        service.record()
        assert service.calls() == 1

    statuses = [run(child) for _ in range(2)]
    metrics = service.collector.get_all_metrics()
    return [statuses, metrics["tools"]["search"]["total_calls"], metrics["toolvitals"]["processes"]]


def reset_and_remove_for_a_child() -> list[object]:
    service = Service()
    begin, began = os.pipe(), os.pipe()

    def child() -> None:
        for amount in (5, 2):
            service.record()
            service.count("a", amount)
            os.write(began[1], b"x")
            os.read(begin[0], 1)

    pid = fork(child)
    os.read(began[0], 1)
    seen: list[object] = [service.calls(), _exposed("jobs_total")]
    service.collector.reset()
    seen += [service.calls(), _exposed("jobs_total")]
    service.counter.remove("a")
    seen += [_exposed("jobs_total")]
    os.write(begin[1], b"x")
    os.read(began[0], 1)
    seen += [service.calls(), _exposed("jobs_total")]
    os.write(begin[1], b"x")
    os.waitpid(pid, 0)
    return [*seen, service.calls(), _exposed("jobs_total")]
