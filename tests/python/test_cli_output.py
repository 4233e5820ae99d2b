"""cli/_output.py: every command, in every format, where its output is ASCII, closed, full, or a pipe nobody reads."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest
from child import TOOLVITALS

import toolvitals as tv
from toolvitals.cli.group import COMMANDS
from toolvitals.testing import isolated

# Every command in every format, without its source.
LOOKS = [
    ["doctor"],
    ["doctor", "--json"],
    ["doctor", "--quiet"],
    ["snapshot", "--pretty"],
    ["snapshot", "--compact"],
    ["snapshot", "--format", "prometheus"],
    ["snapshot", "--format", "openmetrics"],
    ["top", "--once"],
    ["top", "--once", "--sort", "name", "--limit", "1"],
]
HELPS = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]
WAIT_SECONDS = 60


@pytest.fixture
def url() -> Iterator[str]:
    with isolated() as collector, tv.start(json_port=0) as endpoints:
        # Something is wrong, so that doctor has 1 to say; and a name beyond ASCII, and beyond any width.
        collector.record_tool_call("", latency_ms=1.0)
        collector.record_tool_call("поиск", success=False, latency_ms=1.0, error_type="TimeoutError")
        collector.record_tool_call("long " * 50, latency_ms=1.0)
        assert endpoints.json_url is not None
        yield endpoints.json_url


def run(
    arguments: list[str], shell: str = '"$@"', stdout: int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command below a shell that redirects it as `shell` says; warnings are errors."""
    command = [*TOOLVITALS, *arguments]
    finished = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}", "bash", *command],
        env={**os.environ, "FORCE_COLOR": "", **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert "Traceback" not in finished.stderr
    assert "Exception ignored" not in finished.stderr
    return finished


def sourced(arguments: list[str], url: str) -> list[str]:
    return [*arguments, "--url", url]


def code_of(arguments: list[str], other: int) -> int:
    """The judgement of doctor survives what becomes of its output; other commands have a code for that."""
    return 1 if arguments[0] == "doctor" and arguments[-1] != "--help" else other


@pytest.mark.parametrize("arguments", LOOKS, ids=" ".join)
def test_an_output_that_takes_nothing(url: str, arguments: list[str]) -> None:
    for shell, said in (
        ('"$@" >/dev/full', "Error: standard output cannot be written: No space left on device\n"),
        ('"$@" >&-', "Error: standard output is closed\n"),
    ):
        finished = run(sourced(arguments, url), shell)
        assert (finished.returncode, finished.stderr) == (code_of(arguments, 2), said)


@pytest.mark.parametrize("arguments", HELPS, ids=" ".join)
def test_help_that_cannot_be_written(arguments: list[str]) -> None:
    finished = run(arguments, '"$@" >/dev/full')
    assert (finished.returncode, finished.stderr) == (
        2,
        "Error: standard output cannot be written: No space left on device\n",
    )


@pytest.mark.parametrize("arguments", LOOKS, ids=" ".join)
def test_a_pipe_that_nobody_reads(url: str, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        finished = run(sourced(arguments, url), stdout=writing)
    finally:
        os.close(writing)
    # A reader that had enough of doctor is no error: beside code 0 the word would contradict it.
    closed = "Error: the output was closed before all of it was written\n"
    judged = arguments[0] == "doctor"
    assert (finished.returncode, finished.stderr) == ((1, "") if judged else (141, closed))


def test_a_reader_that_had_enough_ends_a_command_that_has_no_end(url: str) -> None:
    finished = run(["top", "--url", url, "--interval", "0.1"], '"$@" | head -n 1')
    assert finished.returncode == 141
    assert finished.stdout.startswith("http://127.0.0.1:")


def test_a_file_on_a_full_disk(url: str) -> None:
    finished = run(["snapshot", "--url", url, "--output", "/dev/full"])
    assert finished.returncode == 2
    assert finished.stderr == "Error: /dev/full cannot be written: No space left on device\n"


@pytest.mark.parametrize("arguments", [["doctor"], ["doctor", "--json"], ["top", "--once"]], ids=" ".join)
def test_an_error_that_cannot_be_written_keeps_its_code(arguments: list[str]) -> None:
    for shell in ('"$@" 2>/dev/full', '"$@" 2>&-', '"$@" >&- 2>&-', '"$@" >/dev/full 2>&1 <&-'):
        assert run([*arguments, "--url", "http://127.0.0.1:1"], shell).returncode == 3


def test_ctrl_c_is_no_trace() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(WAIT_SECONDS)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [*TOOLVITALS, "snapshot", "--url", url, "--timeout", "3600"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(WAIT_SECONDS)
                assert connection.recv(3) == b"GET"
                process.send_signal(signal.SIGINT)
                assert process.communicate(timeout=WAIT_SECONDS) == ("", "\nAborted!\n")
    assert process.returncode == 130


def on_terminal(arguments: list[str], **environment: str) -> tuple[int, bytes]:
    """The exit code, and everything that a terminal of 60 columns was sent."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*TOOLVITALS, *arguments],
        env={**os.environ, "TERM": "xterm", "COLUMNS": "60", "LINES": "24", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        written = b""
        # EIO is how a terminal ends that nobody writes to any more.
        with suppress(OSError):
            while some := os.read(ours, 65536):
                written += some
        os.close(ours)
        return process.wait(WAIT_SECONDS), written


ASCII = {"PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C"}


@pytest.mark.parametrize("arguments", [*LOOKS, *HELPS], ids=" ".join)
def test_a_terminal_that_knows_ascii_only(url: str, arguments: list[str]) -> None:
    looks = arguments in LOOKS
    code, written = on_terminal(sourced(arguments, url) if looks else arguments, **ASCII)
    assert code == code_of(arguments, 0) if looks else code == 0
    assert b"Traceback" not in written
    assert written
    if arguments[0] != "snapshot":  # Expositions and documents are UTF-8 wherever they go.
        assert written.isascii()
    if arguments == ["top", "--once"]:
        assert b" - toolvitals " in written
        assert b"~" in written
        assert rb"\u043f" in written


def test_an_encoding_that_is_unknown_to_the_error_is_no_trace(url: str) -> None:
    code, written = on_terminal(["top", "--url", f"{url}/поиск"], **ASCII)
    assert code == 2
    assert rb"\u043f\u043e" in written
    assert written.isascii()


@pytest.mark.parametrize("shell", ['exec "$@" >/dev/full', 'exec "$@" >&-'])
def test_a_server_whose_output_takes_nothing_serves_all_the_same(shell: str) -> None:
    command = [*TOOLVITALS, "serve", "--prometheus-port", "0"]
    with subprocess.Popen(["bash", "-c", shell, "bash", *command], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "the server runs. Metrics for Prometheus: http://127.0.0.1:" in line
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0
        assert process.stderr.read() == ""


def test_no_socket_takes_the_place_of_a_stream_that_is_closed() -> None:
    command = [*TOOLVITALS, "serve", "--prometheus-port", "0"]
    shell = 'exec "$@" <&- >&-'
    with subprocess.Popen(["bash", "-c", shell, "bash", *command], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        assert [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (0, 1)] == [os.devnull, os.devnull]
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_SECONDS) == 0
