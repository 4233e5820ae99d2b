"""Programs that have more label sets than a budget holds, and log what is said about that to standard output."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import warnings

import toolvitals as tv
from toolvitals import _backend
from toolvitals.prometheus import Counter, Gauge


def _log() -> None:
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.INFO, stream=sys.stdout)


def fold_in_threads() -> None:
    _log()
    raced = Counter("folded_race", "", ["i"], max_series=2)

    def record(first: int) -> None:
        for i in range(50):
            raced.labels(first + i).inc()

    threads = [threading.Thread(target=record, args=(first,)) for first in range(0, 200, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sample.value for sample in raced.collect()[0].samples if sample.name.endswith("_total")) == 200


def fold_over_all_families() -> None:
    _log()
    tv.start(json_endpoint_enabled=False, max_series=5)
    first, second = Counter("first", "", ["a"]), Gauge("second", "", ["a"])
    for i in range(20):
        first.labels(i).inc()
        second.labels(i).set(1)
    for i in range(20):
        tv.get_collector().record_tool_call(f"tool{i}", success=True, latency_ms=1)
        tv.get_collector().record_cache_hit(f"cache{i}")
    tool = tv.get_collector().tool("tool0")
    for i in range(20):
        tool.record_call(success=False, latency_ms=1, error_type=f"Error{i}")


def fold_for_memory() -> None:
    _log()
    big = Gauge("big", "", ["a"])
    for i in range(20_000):
        big.labels("x" * 1000 + str(i)).set(1)


def fold_types_of_errors() -> None:
    _log()
    tool = tv.get_collector().tool("t")
    for i in range(300):
        tool.record_call(success=False, latency_ms=1, error_type=f"Error{i}")
    metrics = tv.get_collector().get_tool_metrics("t")
    assert metrics is not None
    assert sum(metrics["error_types"].values()) == 300


def fold_in_parent_and_child() -> None:
    _log()
    before = Counter("before", "", ["a"], max_series=1)
    later = Counter("later", "", ["a"], max_series=1)
    for i in range(3):
        before.labels(i).inc()
    child = os.fork()
    if child == 0:
        for i in range(3):
            before.labels(i).inc()
            later.labels(i).inc()
        sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    for i in range(3):
        later.labels(i).inc()


def fork_while_threads_fold() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
    ends = threading.Event()

    def fold(n: int) -> None:
        i = 0
        while not ends.is_set():
            i += 1
            Counter(f"c{n}_{i}", "", ["a"], registry=None, max_series=1).labels("x")
            family = Counter(f"d{n}_{i}", "", ["a"], registry=None, max_series=1)
            family.labels("x")
            family.labels("y").inc()

    threads = [threading.Thread(target=fold, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for number in range(20):
        child = os.fork()
        if child == 0:
            mine = Counter(f"child{number}", "", ["a"], registry=None, max_series=1)
            mine.labels("x")
            mine.labels("y").inc()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    ends.set()
    for thread in threads:
        thread.join()


def fold_in_native_threads(path: str) -> None:
    _log()
    tv.start(json_endpoint_enabled=False, max_series=60)
    ingest = _backend.core.Ingest(socket=path, datagram_socket=None, mode=0o600, labels=())
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        for i in range(200):
            record = {"counter": "native_orders", "value": 1, "labels": {"customer": str(i)}}
            client.sendall(json.dumps(record).encode() + b"\n")
    ingest.stop()
    _backend.core.tell_folds()
    _backend.core.tell_folds()
