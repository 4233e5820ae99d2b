"""Services whose descriptors are closed under them, or that find no more."""

from __future__ import annotations

import json
import os
import resource
import select
import socket
import urllib.request
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from child import result_of
from programs.stranger import Stranger, cpu_seconds

import toolvitals as tv
from toolvitals import _core
from toolvitals.sources import Directory, Source, SourceError, ThisProcess


def _tools(endpoints: tv.Endpoints) -> Any:
    with urllib.request.urlopen(str(endpoints.json_url)) as answer:
        return json.load(answer)["tools"]


def start_anew() -> list[object]:
    first = tv.start(json_port=0)
    collector = tv.get_collector()
    collector.record_tool_call("before", latency_ms=1.0)
    _tools(first)
    stranger = Stranger()
    facts: list[object] = [first.running, "not running" in repr(first)]
    second = tv.start(json_port=first.json_port)
    facts += [second is not first, second.running]
    # More tools than the store has room for without growing.
    for i in range(300):
        collector.record_tool_call(f"tool{i}", latency_ms=1.0)
    told = _tools(second)
    facts += [len(told), sum(tool["total_calls"] for tool in told.values()), "overflow" in told]
    first.stop()
    facts += [second.running]
    if os.fork() == 0:
        os._exit(0 if stranger.is_untouched() else 1)
    facts += [os.waitstatus_to_exitcode(os.wait()[1])]
    tv.stop()
    return [*facts, second.running, stranger.is_untouched()]


# What is in use when the program ends, not only until its function has returned.
KEPT: list[object] = []


def leave_the_threads_alone() -> list[object]:
    """The program ends with a handle that it has never looked at again."""
    handle = tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0)
    stranger = Stranger()
    KEPT.extend([handle, stranger])
    before = cpu_seconds()
    while len(os.listdir("/proc/self/task")) > 1:
        select.select([], [], [], 0.02)
    return [handle.running, cpu_seconds() - before < 0.5, stranger.is_untouched()]


def give_up_sockets(kind: str, path: str) -> list[object]:
    paths: dict[str, str | None] = {"socket": None, "datagram_socket": None, kind: path}
    ingest = _core.Ingest(**paths, mode=0o600, labels=[])
    facts: list[object] = [ingest.running]
    stranger = Stranger()
    facts += [ingest.running]
    ingest.stop()
    facts += [os.path.exists(path), stranger.is_untouched()]
    again = _core.Ingest(**paths, mode=0o600, labels=[])
    facts += [again.running]
    again.stop()
    return facts


def count_as_a_forked_daemon() -> Any:
    tv.get_collector().record_tool_call("parent", latency_ms=1.0)
    reading, writing = os.pipe()
    if os.fork() == 0:
        result = os.dup2(writing, 200)
        os.closerange(3, 200)
        handle = tv.start(json_port=0)
        for i in range(300):
            tv.get_collector().record_tool_call(f"tool{i}", latency_ms=1.0)
        told = _tools(handle)
        total = sum(tool["total_calls"] for tool in told.values())
        os.write(result, json.dumps([total, told["parent"]["total_calls"], "overflow" in told]).encode())
        os._exit(0)
    os.close(writing)
    os.wait()
    return json.loads(os.read(reading, 1000))


def join_and_look() -> list[int]:
    metrics = tv.get_collector().get_all_metrics()
    return [metrics["tools"]["search"]["total_calls"], metrics["toolvitals"]["processes"]["live"]]


def keep_a_segment() -> list[object]:
    collector = tv.get_collector()
    collector.record_tool_call("search", latency_ms=1.0)
    KEPT.append(Stranger())
    collector.record_tool_call("search", latency_ms=1.0)
    told = result_of(join_and_look)
    collector.record_tool_call("search", latency_ms=1.0)
    return [told, collector.get_all_metrics()["tools"]["search"]["total_calls"]]


def fill_the_descriptor_table() -> list[object]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    handle = tv.start(json_port=0)
    warnings.simplefilter("ignore", ResourceWarning)
    taken = [socket.socket()]
    with suppress(OSError):
        while True:
            taken.append(taken[0].dup())
    client = taken.pop()
    client.close()
    assert handle.json_port is not None
    client = socket.create_connection(("127.0.0.1", handle.json_port))
    client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    before = cpu_seconds()
    client.settimeout(0.3)
    try:
        facts: list[object] = [client.recv(10).decode()]
    except TimeoutError:
        facts = ["waits"]
    facts += [cpu_seconds() - before < 0.2, handle.running]
    for one in taken[1:]:
        one.close()
    client.settimeout(30)
    return [*facts, client.recv(15).decode()]


def _fill_up_to(spare: int, held: list[int]) -> None:
    """Takes and frees descriptors until so many are left."""
    with suppress(OSError):
        while True:
            held.append(os.dup(held[0]))
    for _ in range(spare):
        os.close(held.pop())


def _told(source: Source, name: str) -> object:
    """How many calls of a tool are shown, or that it is said that some may be missing."""
    try:
        seen = source.read()
    except SourceError:
        return "refused"
    return "refused" if "descriptors" in seen.own.refused_segments else seen.tools[name].total_calls


def read_with_few_descriptors(directory: str, name: str) -> list[list[object]]:
    """What a stranger, and a process of the service, see with ever more descriptors to spare."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    held = [os.open("/dev/null", os.O_RDONLY)]
    strangers, members = Directory(directory), ThisProcess()
    for source in (strangers, members):
        source.read()
    facts: list[list[object]] = []
    for source in (strangers, members):
        facts.append([])
        for spare in (0, 1, 2, 3, 0, 8):
            _fill_up_to(spare, held)
            facts[-1].append(_told(source, name))
    return facts


def look_first_with_few_descriptors(spare: str, name: str) -> object:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    tv.get_collector().record_tool_call("own", latency_ms=1.0)
    held = [os.open("/dev/null", os.O_RDONLY)]
    source = ThisProcess()
    _fill_up_to(int(spare), held)
    try:
        return _told(source, name)
    except KeyError:
        return "silently missing"


def start_with_few_descriptors() -> list[bool]:
    tv.get_collector()
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    reserve = [os.open("/dev/null", os.O_RDONLY)]
    with suppress(OSError):
        while True:
            reserve.append(os.dup(reserve[0]))
    facts = []
    # With ever more descriptors to spare: it starts, or it says so and holds none of them.
    for spare in range(1, 12):
        os.close(reserve.pop())
        before = len(os.listdir("/proc/self/fd")) if spare > 1 else 0
        try:
            handle = tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0)
        except (OSError, ValueError, RuntimeError) as error:
            facts.append(str(error) != "")
            assert spare == 1 or len(os.listdir("/proc/self/fd")) == before
            assert len(os.listdir("/proc/self/task")) == 1 if spare > 1 else True
        else:
            return [all(facts), len(facts) >= 3, handle.running]
    raise AssertionError(facts)


def begin_without_standard_descriptors(report: str) -> None:
    """The program began with its standard input, output and error closed; says what of ours took their numbers, and
    what is counted after it has written to them."""
    collector = tv.get_collector()
    collector.record_tool_call("before", latency_ms=1.0)
    endpoints = tv.start(json_port=0)
    _tools(endpoints)
    if os.fork() == 0:
        collector.record_tool_call("before", latency_ms=1.0)
        os._exit(0)
    os.wait()
    taken = [number for number in range(3) if os.path.lexists(f"/proc/self/fd/{number}")]
    for number in range(3):
        with suppress(OSError):
            os.write(number, b"printed by some library\n" * 100)
    collector.record_tool_call("before", latency_ms=1.0)
    counted = _tools(endpoints)["before"]["total_calls"]
    Path(report).write_text(json.dumps([taken, counted, endpoints.running]))
