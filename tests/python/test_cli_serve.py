"""cli/serve.py and cli/_notify.py: options, refusals, and what systemd is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from child import TOOLVITALS, toolvitals
from click.testing import CliRunner, Result

from toolvitals.cli import serve as module
from toolvitals.cli._notify import Notifier
from toolvitals.ipc import Client


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(module.serve, arguments)


def test_only_what_was_asked_for_is_set() -> None:
    assert module._settings(None, None, None, 8090) == {
        "prometheus_enabled": True,
        "prometheus_port": 8090,
        "json_endpoint_enabled": False,
    }
    assert module._settings("/run/d", "::1", 0, 0) == {
        "prometheus_enabled": True,
        "prometheus_port": 0,
        "json_endpoint_enabled": True,
        "json_port": 0,
        "host": "::1",
        "dir": "/run/d",
    }


@pytest.mark.parametrize("mode", ["", "6", "8", "888", "1777", "-600", "rw-", "77777", "0x1ff"])
def test_modes_that_are_none(mode: str) -> None:
    result = invoke("--socket-mode", mode)
    assert result.exit_code == 2
    assert "must be permissions in octal" in result.output


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke("--socket", str(tmp_path / "s"), "--prometheus-port", str(port))
    assert result.exit_code == 2
    assert str(port) in result.output
    assert not list(tmp_path.iterdir())


def test_a_socket_that_cannot_be_made_stops_the_endpoints_again(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    path = str(tmp_path / "none" / "s")
    result = invoke("--socket", path, "--prometheus-port", "0")
    assert result.exit_code == 2
    assert result.output == f"Error: socket {path} cannot be made: its folder {os.path.dirname(path)} is not there\n"
    assert len(os.listdir("/proc/self/fd")) == before


class Server:
    """`toolvitals serve` as a process of its own, run below `shell`."""

    def __init__(self, *arguments: str, shell: str = "") -> None:
        command = [*TOOLVITALS, "serve", "--prometheus-port=0", *arguments]
        self.process = subprocess.Popen(
            ["bash", "-c", f'{shell} exec "$@"', "bash", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = [self.process.stdout.readline(), self.process.stdout.readline()]

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """The exit code and what was said on standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_is_a_clean_end(number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "s"
    server = Server("--socket", str(path))
    assert server.said[1] == f"Records, as a stream: {path}\n"
    with Client(path) as client:
        client.counter("jobs_total")
        assert client.flush(60)
        assert server.end(number) == (0, "")
    assert not path.exists()


def test_what_nohup_has_it_ignore_is_ignored() -> None:
    server = Server(shell="trap '' HUP;")
    masks = dict(line.split(":\t") for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines())
    hang_up = 1 << signal.SIGHUP - 1
    assert int(masks["SigIgn"], 16) & hang_up
    # One that is ignored and blocked would wait to be taken.
    assert not int(masks["SigBlk"], 16) & hang_up
    assert server.end(signal.SIGTERM) == (0, "")


def test_a_server_without_a_socket_says_that_it_takes_no_records() -> None:
    server = Server()
    assert server.said[1] == "Records: none are taken; --socket or --datagram-socket says where to send them\n"
    server.end(signal.SIGTERM)


@pytest.mark.parametrize("folder", ["none/deep/m", "file"])
def test_a_folder_that_cannot_be_is_named(folder: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = toolvitals("serve", "--prometheus-port=0", "--dir", str(tmp_path / folder))
    assert finished.returncode == 2
    assert str(tmp_path / folder) in finished.stderr
    assert finished.stderr.startswith("Error: ")
    assert finished.stderr.count("\n") == 1


def test_metrics_that_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolvitals._backend.recording", False)
    result = invoke("--prometheus-port", "0")
    assert result.exit_code == 2
    assert "metrics are off" in result.output


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60)
        yield listener


def test_states_are_datagrams(manager: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.ready("listening")
    notifier.alive()
    notifier.stopping()
    assert [manager.recv(100) for _ in range(3)] == [b"READY=1\nSTATUS=listening", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.skipif(not os.path.exists("/proc/net/unix"), reason="only Linux has abstract addresses")
def test_an_abstract_address() -> None:
    name = f"toolvitals-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(60)
        Notifier({"NOTIFY_SOCKET": "@" + name}).stopping()
        assert manager.recv(100) == b"STOPPING=1"


def test_without_systemd_nothing_is_told() -> None:
    notifier = Notifier({"WATCHDOG_USEC": "1000000"})
    notifier.ready("listening")
    assert notifier.watchdog_s is None


def test_a_manager_that_is_away_is_no_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}).stopping()
    assert "STOPPING=1" in caplog.text


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getppid())}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog(environ: dict[str, str], expected: float | None) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/run/notify", **environ}).watchdog_s == expected
