"""The demo, as a user runs it: it ends with exit code 0 only if the endpoints agree with the clients' counts."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import scrapes
from tests.demo.endpoint import differences, prometheus_counts, snapshot_counts
from tests.demo.hearing import hear_all
from tests.demo.ledger import Entry, Ledger, Stage
from tests.demo.ports import listen, next_free, reserved
from tests.demo.settings import Settings
from tests.demo.tally import Counts, Expected, Tally
from waiting import wait_until

import toolvitals as tv
from toolvitals.testing import isolated

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("search_text", "search_regex", "read_source", "summarise_module", "count_lines", "evaluate", "wait_forever")


@contextmanager
def demo(**environment: str) -> Iterator[subprocess.Popen[str]]:
    """A running demo; killed where the test leaves it running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.demo"],
        cwd=ROOT,
        env={**os.environ, "WORKERS": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A group of its own, as a terminal would make, so that a test can press Ctrl-C for all of it.
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def lines_until(process: subprocess.Popen[str], pattern: str) -> tuple[str, re.Match[str]]:
    """What it prints up to a line that matches."""
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        found = re.search(pattern, line)
        if found:
            return printed, found
    raise AssertionError(f"no line matches {pattern!r} in:\n{printed}")


def test_a_timed_run_agrees_with_its_clients() -> None:
    with demo(DEMO_SECONDS="5") as process:
        printed, _ = process.communicate()
    assert process.returncode == 0, printed
    assert "agree, for every tool and outcome" in printed
    for tool in TOOLS:
        assert re.search(rf"^ {tool} +[1-9]", printed, re.MULTILINE), printed
    # The labelled counter and the native histogram.
    found = printed.split("What it found")[-1]
    assert re.search(r"^ (regex|text)( +[1-9]\d*){4}", found, re.MULTILINE), printed
    assert "Traceback" not in printed


def test_its_scrapes_are_valid_and_ctrl_c_ends_it_cleanly() -> None:
    with demo(DEMO_CLIENTS="2") as process:
        _, found = lines_until(process, r"for Prometheus: +(\S+)")
        wait_until(lambda: len(scrapes.calls(found[1])) > 5, "the clients have called several tools")
        wait_until(lambda: "demo_found" in scrapes.scrape(found[1]), "a search has found something")
        os.killpg(process.pid, signal.SIGINT)
        printed, _ = process.communicate()
    assert process.returncode == 0, printed
    assert "agree, for every tool and outcome" in printed
    assert "Traceback" not in printed
    assert "Fatal" not in printed


def test_workers_that_are_killed_agree_with_their_clients() -> None:
    with demo(WORKERS="3", DEMO_KILL_SECONDS="0.3") as process:
        printed, found = lines_until(process, r"in files: +(\S+)")
        folder = Path(found[1])
        several, _ = lines_until(process, r" ([3-9]|\d\d+) killed so far")
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate()
    printed += several + rest
    assert process.returncode == 0, printed
    assert "the workers' ledger and both endpoints agree, for every tool and outcome" in printed
    for place in "123":
        assert re.search(rf"^ {place} +\d+ +(serving|starting|killed) +\d", printed, re.MULTILINE), printed
    assert re.search(r" [1-9]\d* retired processes counted", printed), printed
    assert "Traceback" not in printed
    assert not folder.parent.exists()


def test_workers_that_count_a_call_too_many_are_found_out() -> None:
    record = "import toolvitals; toolvitals.get_collector().record_tool_call('evaluate', success=True, latency_ms=1.0)"
    with demo(WORKERS="2", DEMO_KILL_SECONDS="60", DEMO_CLIENTS="2") as process:
        _, found = lines_until(process, r"in files: +(\S+)")
        lines_until(process, r"^ evaluate +[1-9]")
        environment = {**os.environ, "TOOLVITALS_DIR": found[1]}
        subprocess.run([sys.executable, "-c", record], env=environment, check=True, timeout=60)
        os.killpg(process.pid, signal.SIGINT)
        printed, _ = process.communicate()
    assert process.returncode == 1, printed
    for endpoint in ("JSON", "Prometheus"):
        counts = re.search(rf"^{endpoint}: evaluate success: endpoint (\d+), clients (\d+)$", printed, re.MULTILINE)
        assert counts is not None, printed
        assert int(counts[1]) == int(counts[2]) + 1
    assert "agree" not in printed


def test_reserved_ports_are_shared_with_nobody_but_the_workers() -> None:
    with reserved(0) as port:
        with reserved(port) as first, reserved(port) as second:
            assert port <= first < second
            with reserved(first) as third:
                assert third > second
        with listen(port, shared=True), listen(port, shared=True), reserved(port) as other:
            assert other > port
            assert next_free(port) > port


@contextmanager
def behind_one_port(answers: dict[int, int]) -> Iterator[str]:
    """Servers that say how many calls of the tool `a` succeeded, by the process that each of them says it is."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # Head and body in one packet: the next request need not wait for an acknowledgement.
        pid = 0

        def do_GET(self) -> None:
            count = answers[self.pid]
            tool = {"successful_calls": count, "failed_calls": 0, "cancelled_calls": 0}
            whole = {"schema_version": 1, "timestamp": "2026-01-31T12:00:00Z", "caches": {}, "metrics": {}}
            parts = {"tools": {"a": tool}, "system": {"process": {"pid": self.pid}}, "toolvitals": {}}
            said = json.dumps({**whole, **parts})
            text = f'tool_calls_total{{outcome="success",tool="a"}} {count}\n'
            body = (said if self.path == "/metrics.json" else text).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Tests are silent."""

    with ExitStack() as stack:
        port = stack.enter_context(reserved(0))
        for pid in answers:
            handler = type("Handler", (Handler,), {"pid": pid})
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", port), handler, bind_and_activate=False))
            server.socket.close()
            server.socket = listen(port, shared=True)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield f"http://127.0.0.1:{port}/metrics"


@pytest.mark.parametrize(
    ("answers", "processes", "problem"),
    [
        ({11: 2, 12: 2}, {11, 12}, None),
        ({11: 2, 12: 3}, {11, 12}, "JSON of process 12: a success: endpoint 3, clients 2"),
        ({11: 2, 12: 2}, {11}, "json: process 12 answers, which is no worker"),
        ({11: 2}, {11, 12}, "json: process 12 never answers"),
    ],
)
def test_every_process_behind_a_port_is_heard(
    answers: dict[int, int], processes: set[int], problem: str | None
) -> None:
    with behind_one_port(answers) as url:
        addresses = {"json": url.replace("/metrics", "/metrics.json"), "prometheus": url}
        found = hear_all(addresses, processes, Expected(Counts({("a", "success"): 2})))
    assert (problem in found) if problem else not found


def test_a_worker_that_ends_by_itself_is_found_out() -> None:
    with demo(WORKERS="2", DEMO_KILL_SECONDS="60", DEMO_CLIENTS="1") as process:
        _, found = lines_until(process, r"^ 1 +(\d+) +serving")
        os.kill(int(found[1]), signal.SIGTERM)
        printed, _ = process.communicate()
    assert process.returncode == 1, printed
    assert "worker 1 ended by itself while serving" in printed


def test_taken_ports_are_said_aloud() -> None:
    with socket.create_server(("127.0.0.1", 0)) as json_port, socket.create_server(("127.0.0.1", 0)) as prometheus_port:
        taken = [str(listener.getsockname()[1]) for listener in (json_port, prometheus_port)]
        environment = {"METRICS_JSON_PORT": taken[0], "PROMETHEUS_PORT": taken[1], "DEMO_CLIENTS": "1"}
        with demo(DEMO_SECONDS="0", **environment) as process:
            printed, _ = process.communicate()
    assert process.returncode == 0, printed
    for port in taken:
        assert f"Port {port} is taken" in printed


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEMO_SECONDS", "soon"),
        ("DEMO_SECONDS", "-1"),
        ("DEMO_CLIENTS", "0"),
        ("DEMO_SEED", "x"),
        ("WORKERS", "0"),
        ("WORKERS", "65"),
        ("WORKERS", "2.5"),
        ("DEMO_KILL_SECONDS", "0"),
        ("DEMO_KILL_SECONDS", "nan"),
    ],
)
def test_a_wrong_setting_is_named(variable: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{variable}={value!r}"):
        Settings.from_environment({variable: value})


def test_every_difference_is_found() -> None:
    expected = Expected(Counts({("a", "success"): 2, ("a", "cancelled"): 1, ("gone", "error"): 1}))
    with isolated() as collector:
        for _ in range(2):
            collector.record_tool_call("a", latency_ms=1.0)
        collector.record_tool_call("a", success=False, latency_ms=1.0)
        collector.tool("a").record_cancellation(1.0)
        found = {key: count for key, count in snapshot_counts(tv.snapshot()).items() if key[0] == "a"}
    assert differences("JSON", Counts(found), expected) == [
        "JSON: a error: endpoint 1, clients 0",
        "JSON: gone error: endpoint 0, clients 1",
    ]
    text = 'tool_calls_total{outcome="success",tool="a"} 3\ntool_calls_total{outcome="error",tool="gone"} 1\n'
    assert differences("Prometheus", prometheus_counts(text), expected) == [
        "Prometheus: a cancelled: endpoint 0, clients 1",
        "Prometheus: a success: endpoint 3, clients 2",
    ]


def test_what_is_uncertain_may_be_counted_or_not_and_nothing_else() -> None:
    expected = Expected(Counts({("a", "success"): 2}), uncertain=Counts({("a", "success"): 1}))
    wrong = [n for n in range(5) if differences("JSON", Counts({("a", "success"): n}), expected)]
    assert wrong == [0, 1, 4]


def test_the_ledger_tells_of_calls_without_an_answer(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        tally = Tally(ledger)
        stages = (None, Stage.BEGUN, Stage.ENDING, Stage.RECORDED)
        for worker in (1, 2):
            for stage in stages:
                number = tally.begin("a")
                if stage is not None:
                    ledger.write(number, Entry(worker, stage, "error" if stage > Stage.BEGUN else "success"))
        hung = tally.begin("hung")
        ledger.write(hung, Entry(1, Stage.RECORDED, "cancelled"))
        tally.give_up(hung)
        # The second worker is alive: what is in its hands is still to end.
        expected = tally.expected(alive={2})
    assert expected.counts == {("a", "error"): 2, ("hung", "cancelled"): 1}
    assert expected.uncertain == {("a", "error"): 1}
    assert expected.unsettled == [
        "call 5 of a still runs, in worker 2",
        "call 6 of a still runs, in worker 2",
    ]
    assert (tally.cut_off, tally.given_up) == (8, 1)


def test_an_answer_that_the_ledger_has_otherwise_is_a_problem(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        tally = Tally(ledger)
        for entry in (
            Entry(1, Stage.RECORDED, "success"),
            Entry(1, Stage.RECORDED, "error"),
            Entry(1, Stage.ENDING, "success"),
            None,
        ):
            number = tally.begin("a")
            if entry is not None:
                ledger.write(number, entry)
            tally.answer(number, "success")
    assert tally.answered == {("a", "success"): 4}
    assert [problem.partition(" of ")[0] for problem in tally.problems] == ["call 1", "call 2", "call 3"]
