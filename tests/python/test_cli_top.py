"""cli/top.py: one table for a pipe, and a terminal with somebody at its keys."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from canned import document, observation, tool
from child import TOOLVITALS
from click.testing import CliRunner, Result

import toolvitals as tv
from toolvitals.cli._failure import Failure
from toolvitals.cli._screen import View
from toolvitals.cli._terminal import CLOSED, RESIZED, Terminal
from toolvitals.cli.group import toolvitals
from toolvitals.cli.top import Watch
from toolvitals.snapshot import Snapshot
from toolvitals.sources import Format, Observation, Source, SourceError
from toolvitals.testing import isolated

# Variables that hide what size a terminal has.
SIZES = {"COLUMNS", "LINES"}
WAIT_SECONDS = 30.0
OTHER_SCREEN, FIRST_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
HIDDEN, SHOWN = b"\x1b[?25l", b"\x1b[?25h"
IN_TERMINAL = str(Path(__file__).with_name("programs") / "terminal.py")


@pytest.fixture
def url() -> Iterator[str]:
    with isolated() as collector, tv.start(json_port=0) as endpoints:
        for _ in range(3):
            collector.record_tool_call("often", latency_ms=1.0)
        collector.record_tool_call("seldom", success=False, latency_ms=1.0, error_type="TimeoutError")
        assert endpoints.json_url is not None
        yield endpoints.json_url


def top(url: str, *arguments: str) -> Result:
    return CliRunner(env={"FORCE_COLOR": None}).invoke(toolvitals, ["top", "--url", url, *arguments])


def order(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.split()[0] for line in result.output.splitlines() if line.startswith(("often", "seldom"))]


def test_once(url: str) -> None:
    result = top(url, "--once")
    assert order(result) == ["often", "seldom"]
    assert "TimeoutError" in result.output
    assert "\x1b" not in result.output
    assert "per s" not in result.output


def test_the_order_and_the_limit(url: str) -> None:
    assert order(top(url, "--once", "--sort", "errors")) == ["seldom", "often"]
    assert order(top(url, "--once", "--reverse")) == ["seldom", "often"]
    assert order(top(url, "--once", "--limit", "1")) == ["often"]


def test_once_with_an_interval_tells_rates(url: str) -> None:
    assert "per s" in top(url, "--once", "--interval", "0.1").output
    assert "per s" in top(url, "--once", "--sort", "rate", "--interval", "0.1").output


def test_nothing_to_look_at() -> None:
    result = top("http://127.0.0.1:1", "--once")
    assert result.exit_code == 3
    assert "nothing listens" in result.output


class Fake:
    """A source whose readings and failures are given."""

    title = "fake"

    def __init__(self, found: Sequence[dict[str, Any] | str]) -> None:
        self._found = iter(found)

    def observe(self) -> Observation:
        found = next(self._found)
        if isinstance(found, str):
            raise SourceError(found)
        return observation(found)

    def read(self) -> Snapshot:
        return self.observe().snapshot

    def render(self, format: Format, names: Collection[str] = ()) -> bytes:  # noqa: A002 (the protocol's name)
        raise AssertionError(format)


def watch(*found: dict[str, Any] | str) -> Watch:
    source: Source = Fake(found)
    seconds = iter(range(100))
    return Watch(source, View(source.title), lambda: float(next(seconds)))


def test_a_source_that_goes_away_is_told_of_and_asked_again() -> None:
    one, two = document(tools={"a": tool(total_calls=1)}), document(tools={"a": tool(total_calls=4)})
    seen = watch(one, "it is gone", two)
    seen.look()
    seen.look()
    assert seen.view.problem == "it is gone"
    assert seen.now is not None
    assert seen.now.snapshot.tools["a"].total_calls == 1
    seen.look()
    assert seen.view.problem is None
    assert seen.before is not None
    assert [one.snapshot.tools["a"].total_calls for one in (seen.before, seen.now)] == [1, 4]


def test_a_source_that_was_never_there_is_a_failure() -> None:
    with pytest.raises(Failure):
        watch("it is not there").look()


def test_keys() -> None:
    seen = watch()
    for key, sort in (
        ("r", "rate"),
        ("e", "errors"),
        ("l", "p95"),
        ("n", "name"),
        ("i", "in-progress"),
        ("c", "calls"),
    ):
        assert not seen.press([key])
        assert seen.view.sort == sort
    assert not seen.press(["R", " ", "x", RESIZED])
    assert (seen.view.reverse, seen.view.paused) == (True, True)
    assert not seen.press(["R", " "])
    assert (seen.view.reverse, seen.view.paused) == (False, False)
    for key in ("q", "Q", CLOSED, "\x04"):
        assert seen.press(["x", key])


class Session:
    """`toolvitals top` in a terminal of its own, where a test is the one who looks and presses keys."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        self.set_width(100)
        self.before = termios.tcgetattr(theirs)
        self.output = self.written = b""
        inherited = {name: value for name, value in os.environ.items() if name not in SIZES}
        self.process = subprocess.Popen(
            [sys.executable, IN_TERMINAL, *TOOLVITALS[1:], "top", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**inherited, "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )
        self._theirs = theirs

    def set_width(self, columns: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def wait_for(self, text: bytes) -> None:
        """Waits until the program writes it, after all that was waited for before."""
        until = time.monotonic() + WAIT_SECONDS
        while text not in self.output:
            assert self._read(until - time.monotonic()), f"{text!r} did not come; the last was {self.output[-2000:]!r}"
        self.output = self.output.partition(text)[2]

    def end(self) -> int:
        """The exit code, after the terminal was found to be as it was."""
        self.wait_for(FIRST_SCREEN)
        code = self.process.wait(WAIT_SECONDS)
        while self._read(0):
            pass
        assert self.written.rindex(SHOWN) > self.written.rindex(HIDDEN)
        assert termios.tcgetattr(self._theirs) == self.before
        return code

    def hang_up(self) -> int:
        """The exit code, after the terminal went away."""
        self._close_terminal()
        return self.process.wait(WAIT_SECONDS)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, seconds))
        if ready:
            some = os.read(self._ours, 65536)
            self.output += some
            self.written += some
        return bool(ready)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._close_terminal()

    def _close_terminal(self) -> None:
        for descriptor in (self._ours, self._theirs):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._ours = self._theirs = -1


@pytest.fixture
def session(url: str) -> Iterator[Session]:
    running = Session("--url", url, "--interval", "0.1")
    try:
        running.wait_for(OTHER_SCREEN)
        running.wait_for(b"Tools, by calls")
        yield running
    finally:
        running.close()


def test_keys_of_a_terminal(session: Session) -> None:
    session.press(b"e")
    session.wait_for(b"Tools, by errors")
    session.press(b"R")
    session.wait_for(b"Tools, by errors, reversed")
    session.press(b"\x1b[1;5R\x1bOR\x1bqn")  # F3 with Ctrl and alone, Alt-q: several bytes each, and no keys of ours.
    session.wait_for(b"Tools, by name")
    session.press(b" ")
    session.wait_for(b"paused")
    session.press(b"q")
    assert session.end() == 0


def test_rates_arrive(session: Session) -> None:
    tv.get_collector().record_tool_call("often", latency_ms=1.0)
    session.wait_for(b"5 calls")
    session.wait_for(b"per s")
    session.press(b"q")
    assert session.end() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_the_terminal_as_it_was(session: Session, number: signal.Signals, code: int) -> None:
    session.process.send_signal(number)
    assert session.end() == code


def test_ctrl_c_is_an_ordinary_end(session: Session) -> None:
    session.press(b"\x03")
    assert session.end() == 0


def test_it_is_suspended_and_continued(session: Session) -> None:
    session.press(b"\x1a")
    session.wait_for(FIRST_SCREEN)
    # Without a shell that could continue it, the system lets the process go on at once.
    session.wait_for(OTHER_SCREEN)
    session.wait_for(b"Tools, by calls")
    session.press(b"q")
    assert session.end() == 0


def test_a_terminal_that_changes_its_width(session: Session) -> None:
    session.set_width(30)
    session.process.send_signal(signal.SIGWINCH)
    session.wait_for("…".encode())
    session.press(b"q")
    assert session.end() == 0


def test_an_endpoint_that_goes_away_is_told_of(session: Session) -> None:
    tv.stop()
    session.wait_for(b"nothing listens at")
    session.press(b"q")
    assert session.end() == 0


def test_a_terminal_that_goes_away_ends_it(session: Session) -> None:
    assert session.hang_up() != 0


def test_a_terminal_that_can_do_nothing_gets_one_table_below_the_other(url: str) -> None:
    running = Session("--url", url, "--interval", "0.1", TERM="dumb")
    try:
        for _ in range(3):
            running.wait_for(b"Tools, by calls")
        running.press(b"\x03")
        assert running.process.wait(WAIT_SECONDS) == 0
        assert OTHER_SCREEN not in running.written
    finally:
        running.close()


def test_a_terminal_that_knows_ascii_only_has_stand_ins(url: str) -> None:
    running = Session("--url", url, "--interval", "0.1", PYTHONIOENCODING="ascii", LC_ALL="C")
    try:
        running.wait_for(b" - toolvitals ")
        running.wait_for(b"q quit - space pause")
        running.press(b"q")
        assert running.process.wait(WAIT_SECONDS) == 0
        assert running.written.isascii()
        assert b"Traceback" not in running.written
    finally:
        running.close()


def test_without_a_terminal_one_table_follows_the_other(url: str) -> None:
    command = [*TOOLVITALS, "top", "--url", url, "--interval", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        seen = 0
        while seen < 3:
            line = process.stdout.readline()
            assert line
            seen += line.startswith(b"Tools, by calls")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (0, b"")


def test_the_end_of_a_terminal_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with open(theirs) as terminal_input:
        monkeypatch.setattr(sys, "stdin", terminal_input)
        with Terminal() as terminal:
            assert terminal.has_keys
            os.write(ours, b"q")
            assert terminal.wait(WAIT_SECONDS) == ["q"]
            os.close(ours)
            assert terminal.wait(WAIT_SECONDS) == [CLOSED]


def test_a_terminal_that_is_gone_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with open(theirs) as terminal_input:
        monkeypatch.setattr(sys, "stdin", terminal_input)
        terminal = Terminal()
        os.close(ours)
        with terminal:
            assert not terminal.has_keys
            assert terminal.wait(0) == []


def test_a_terminal_for_which_there_is_no_input_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGTERM)}
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with Terminal() as terminal:
            assert not terminal.has_keys
            assert terminal.wait(0) == []
            signal.raise_signal(signal.SIGWINCH)
            assert terminal.wait(10) == [RESIZED]
    assert {number: signal.getsignal(number) for number in handlers} == handlers
