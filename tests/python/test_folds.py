"""Label sets that a budget folds together: said once for each family, with the limit and the setting that raises it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolvitals.prometheus import Counter, Histogram

# What is limited belongs to the whole process, and so does the sketch of the busiest label values: whatever folds more
# than a few is a process of its own.
HEAD = """
import logging, os, sys
import toolvitals as tv
from toolvitals import _backend
from toolvitals.prometheus import Counter, Gauge

logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.INFO, stream=sys.stdout)
"""


def said(program: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "toolvitals"]


def test_a_family_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    orders = Counter("folded_orders", "", ["customer"], registry=None, max_series=3)
    for customer in range(5):
        orders.labels(customer).inc()
    seconds = Histogram("folded_seconds", "", ["path"], registry=None, max_series=1)
    for path in range(3):
        seconds.labels(path).observe(1)
    assert messages(caplog) == [
        f"toolvitals counts new label sets of {name} in one overflow series, because it has the {limit} label sets "
        "that max_series= allows it; a larger max_series= keeps more apart; totals stay exact"
        for name, limit in (("folded_orders", 3), ("folded_seconds", 1))
    ]
    assert orders.collect()[0].samples[-2].value == 2


def test_what_fits_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    users = Counter("unfolded_users", "", ["name"], registry=None, max_series=3)
    for name in ("a", "b", "c", "a"):
        users.labels(name).inc()
    assert messages(caplog) == []


@pytest.mark.parametrize(("value", "why"), [("x" * 5000, "more than 4096 bytes"), ("\ud800", "encoded as UTF-8")])
def test_values_that_cannot_be_kept_are_told(value: str, why: str, caplog: pytest.LogCaptureFixture) -> None:
    Counter(f"unkept_{len(value)}", "", ["a"], registry=None).labels(value).inc()
    [message] = messages(caplog)
    assert why in message


def test_threads_are_told_once() -> None:
    [line] = said(
        """
import threading
raced = Counter("folded_race", "", ["i"], max_series=2)
def record(first):
    for i in range(50):
        raced.labels(first + i).inc()
threads = [threading.Thread(target=record, args=(first,)) for first in range(0, 200, 50)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert sum(sample.value for sample in raced.collect()[0].samples if sample.name.endswith("_total")) == 200
"""
    )
    assert "folded_race" in line


def test_a_handler_that_raises_or_records_harms_nobody() -> None:
    again = Counter("folded_again", "", ["i"], registry=None, max_series=1)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            again.labels("from the handler").inc()
            raise RuntimeError("a broken handler")

    handler = Handler()
    logging.getLogger("toolvitals").addHandler(handler)
    try:
        for i in range(3):
            again.labels(i).inc()
    finally:
        logging.getLogger("toolvitals").removeHandler(handler)
    assert [sample.value for sample in again.collect()[0].samples if sample.name.endswith("_total")] == [1, 3]


def test_the_limit_over_all_families() -> None:
    lines = said(
        """
tv.start(json_endpoint_enabled=False, max_series=5)
first = Counter("first", "", ["a"]); second = Gauge("second", "", ["a"])
for i in range(20):
    first.labels(i).inc(); second.labels(i).set(1)
for i in range(20):
    tv.get_collector().record_tool_call(f"tool{i}", success=True, latency_ms=1)
    tv.get_collector().record_cache_hit(f"cache{i}")
tool = tv.get_collector().tool("tool0")
for i in range(20):
    tool.record_call(success=False, latency_ms=1, error_type=f"Error{i}")
"""
    )
    families = ("first", "second", "tool_calls", "cache_requests", "tool_call_errors")
    assert sorted(line.split("label sets of ")[1].split()[0] for line in lines) == sorted(families)
    assert all("the 5 label sets that METRICS_MAX_SERIES allows; a larger METRICS_MAX_SERIES" in line for line in lines)


def test_the_limit_of_memory() -> None:
    [line] = said(
        """
big = Gauge("big", "", ["a"])
for i in range(20_000):
    big.labels("x" * 1000 + str(i)).set(1)
""",
        METRICS_MEMORY_LIMIT_MB="2",
        METRICS_MAX_SERIES="100000",
        METRICS_WINDOW_SIZE="10",
    )
    assert "the 2 MiB that METRICS_MEMORY_LIMIT_MB allows" in line


def test_types_of_errors_have_a_limit_of_their_own() -> None:
    [line] = said(
        """
tool = tv.get_collector().tool("t")
for i in range(300):
    tool.record_call(success=False, latency_ms=1, error_type=f"Error{i}")
assert sum(tv.get_collector().get_tool_metrics("t")["error_types"].values()) == 300
"""
    )
    assert "tool_call_errors" in line
    assert "256 types of error" in line


def test_a_forked_child_tells_by_itself() -> None:
    lines = said(
        """
before = Counter("before", "", ["a"], max_series=1); later = Counter("later", "", ["a"], max_series=1)
for i in range(3):
    before.labels(i).inc()
child = os.fork()
if child == 0:
    for i in range(3):
        before.labels(i).inc(); later.labels(i).inc()
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
for i in range(3):
    later.labels(i).inc()
"""
    )
    told = [line.split("label sets of ")[1].split()[0] for line in lines]
    assert told == ["before", "later", "later"]


def test_a_fork_while_others_fold_does_not_hang() -> None:
    assert (
        said(
            """
import threading
logging.disable(logging.CRITICAL)
ends = threading.Event()
def fold(n):
    i = 0
    while not ends.is_set():
        i += 1
        Counter(f"c{n}_{i}", "", ["a"], registry=None, max_series=1).labels("x")
        family = Counter(f"d{n}_{i}", "", ["a"], registry=None, max_series=1)
        family.labels("x"); family.labels("y").inc()
threads = [threading.Thread(target=fold, args=(n,)) for n in range(2)]
for thread in threads: thread.start()
for round in range(20):
    child = os.fork()
    if child == 0:
        mine = Counter(f"child{round}", "", ["a"], registry=None, max_series=1)
        mine.labels("x"); mine.labels("y").inc()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
ends.set()
for thread in threads: thread.join()
"""
        )
        == []
    )


def test_native_threads_leave_it_to_be_told(tmp_path: Path) -> None:
    """What a socket takes in is recorded without the interpreter, so a Python thread asks."""
    lines = said(
        f"""
import json, socket
tv.start(json_endpoint_enabled=False, max_series=60)
ingest = _backend.core.Ingest(socket={str(tmp_path / "s")!r}, datagram_socket=None, mode=0o600, labels=())
with socket.socket(socket.AF_UNIX) as client:
    client.connect(ingest.socket)
    for i in range(200):
        record = {{"counter": "native_orders", "value": 1, "labels": {{"customer": str(i)}}}}
        client.sendall(json.dumps(record).encode() + b"\\n")
ingest.stop()
_backend.core.tell_folds()
_backend.core.tell_folds()
"""
    )
    assert [line for line in lines if "native_orders" in line and "METRICS_MAX_SERIES" in line]
